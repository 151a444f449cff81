"""Steps that say what they do and for how long, and show the end of their log when they fail."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

console = Console(stderr=True, highlight=False, soft_wrap=True)
_TAIL_LINES = 25


class StepFailed(Exception):
    """A step failed; the message is complete, with what to do next."""


@contextmanager
def step(title: str) -> Iterator[None]:
    """Show the step's title at once and its duration at its end."""
    started = time.monotonic()
    if console.is_terminal:
        columns = (SpinnerColumn(), TextColumn("{task.description} …"), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            progress.add_task(title, total=None)
            yield
    else:
        console.print(f"  … {title}")
        yield
    console.print(f"  [green]✓[/] {title} [dim]{time.monotonic() - started:.1f} s[/]")


def run(
    command: Sequence[str | Path],
    log: Path,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    advice: str = "read the whole log, then run the command again: finished steps are not repeated",
) -> None:
    """Run to the end with the output in `log`. Raises `StepFailed` with the log's tail."""
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in command]
    with log.open("wb") as output:
        status = subprocess.run(
            words,
            cwd=cwd,
            env=None if env is None else {**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    if status != 0:
        raise StepFailed(f"`{' '.join(words[:6])} …` ended with {status}\n{tail(log)}\n→ {advice}")


def capture(
    command: Sequence[str | Path],
    *,
    stdin: bytes | None = None,
    cwd: Path | None = None,
    status: Sequence[int] = (0,),
) -> str:
    """The output of a short command.

    Raises `StepFailed` with what it said, unless its status is one of these.
    """
    words = [str(word) for word in command]
    done = subprocess.run(words, input=stdin, cwd=cwd, capture_output=True, check=False)
    if done.returncode not in status:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise StepFailed(f"`{' '.join(map(str, command))}` ended with {done.returncode}: {said}")
    return done.stdout.decode()


def wait_until(
    condition: Callable[[], bool], what: str, *, timeout: float, log: Path | None = None
) -> None:
    """Poll until the condition holds. Raises `StepFailed` after `timeout` seconds."""
    started = time.monotonic()
    while not condition():
        elapsed = time.monotonic() - started
        if elapsed > timeout:
            shown = f"\n{tail(log)}" if log else ""
            raise StepFailed(f"{what}: not so after {timeout:.0f} s{shown}")
        time.sleep(pause(elapsed))


def pause(elapsed: float, every: float = 0.25, at_most: float = 2.0) -> float:
    """Seconds until the next check, `elapsed` seconds after the first.

    The longer it takes, the rarer: what is waited for needs the cores more.
    """
    return max(every, min(elapsed / 10, at_most))


def tail(log: Path) -> str:
    """The last lines of a log, under its path."""
    if not log.exists():
        return f"{log}: not written"
    lines = log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
    return "\n".join([f"--- end of {log} ---", *lines, "---"])


def fail(message: str) -> None:
    """Print the failure and leave with status 1."""
    console.print(f"  [red]✗[/] {message}", markup=True)
    sys.exit(1)
