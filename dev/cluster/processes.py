"""The cluster's processes: each in a session of its own, known by pid file, logging to a file."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from dev.paths import LOGS, STATE
from dev.steps import StepFailed, tail

_PIDS = STATE / "pids"
_children: dict[str, subprocess.Popen[bytes]] = {}
"""Those that this process has started: a process that is not waited for stays as a zombie."""


def start(name: str, command: Sequence[str | Path]) -> None:
    """Start the process unless it runs already."""
    if is_running(name):
        return
    _PIDS.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    with log_of(name).open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[name] = process
    (_PIDS / name).write_text(f"{process.pid} {_start_time(process.pid)}", encoding="ascii")


def is_running(name: str) -> bool:
    """Whether the process that we started under this name is alive (and not a reused pid)."""
    pid, started = _recorded(name)
    return pid is not None and started is not None and _start_time(pid) == started


def check(name: str) -> None:
    """Raise `StepFailed` with the log's tail if the process has ended."""
    if not is_running(name):
        raise StepFailed(f"{name} ended\n{tail(log_of(name))}")


def stop(name: str, timeout: float = 20.0) -> None:
    """Ask the process to end, then make it."""
    pid, _ = _recorded(name)
    if pid is not None and is_running(name):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout
        while is_running(name) and time.monotonic() < deadline:
            _reap(pid)
            time.sleep(0.05)
        if is_running(name):
            os.kill(pid, signal.SIGKILL)
            _reap(pid)
    child = _children.pop(name, None)
    if child is not None:
        child.wait()
    (_PIDS / name).unlink(missing_ok=True)


def end(process: subprocess.Popen[bytes], timeout: float = 60.0) -> None:
    """Ask a child to end and wait for it; after `timeout` seconds make it."""
    process.terminate()
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def kept_up(command: Sequence[str | Path]) -> list[str]:
    """A command that runs this one, and runs it again whenever it ends, until it is asked to."""
    again = "trap 'kill $!; exit' TERM; while :; do \"$@\" & wait $!; sleep 0.2; done"
    return ["bash", "-c", again, "kept-up", *map(str, command)]


def log_of(name: str) -> Path:
    """The file with the process's output."""
    return LOGS / f"{name}.log"


def _recorded(name: str) -> tuple[int | None, str | None]:
    try:
        pid, started = (_PIDS / name).read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None, None
    return int(pid), started


def _start_time(pid: int) -> str | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
