"""A line that says how far a run is."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dev.steps import console

_EVERY = 15.0
"""Seconds between two lines where there is no terminal."""
_LEAST, _MOST = 0.5, 10.0
"""Seconds between two checks."""


def watched(name: str, processed: Callable[[], int], count: int, patience: float) -> None:
    """Wait until all is processed. Raises `AssertionError` if it takes too long."""
    started = time.monotonic()
    bar = Progress(
        TextColumn("  {task.description}"),
        *(BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(name, total=count)
        said = started
        while (done := processed()) < count:
            now = time.monotonic()
            if now - started > patience:
                raise AssertionError(f"{name}: {done:,} of {count:,} events after {patience:.0f} s")
            bar.update(task, completed=done)
            if not console.is_terminal and now - said >= _EVERY:
                console.print(f"    {name}: {done:,} of {count:,} events")
                said = now
            time.sleep(pause(done, count, now - started))


def pause(done: int, count: int, elapsed: float) -> float:
    """Seconds until the next check: a fifth of what is left, by the rate so far.

    Each check costs Flink some milliseconds of CPU, which must not count much; at the end they are
    frequent, so that the time is right.
    """
    left = elapsed * (count - done) / done if done else _MOST
    return min(max(_LEAST, left / 5), _MOST)
