"""`make bench`: the job's parts, the whole job, and the controller with a crowd of them."""

from __future__ import annotations

import os
import signal
import sys

from rich.console import Console

from dev.steps import StepFailed, fail, step
from tests.bench.at_rest import measure_at_rest
from tests.bench.controller import measure as measure_controller
from tests.bench.grid import MARKDOWN, Grid, grid, show
from tests.bench.parts import measure_parts
from tests.bench.pipeline.events import Shape
from tests.bench.pipeline.report import machine
from tests.bench.pipeline.run import Plan, measure_pipeline

_SMALL = bool(os.environ.get("SMALL"))
_AGAINST = os.environ.get("AGAINST", "")
_ONLY = os.environ.get("ONLY", "")
_PARTS_EVENTS = 10_000 if _SMALL else 50_000
_CONTROLLER = "the controller"
_CONSOLE = Console(width=max(Console().width, 170))
_JOBS = 20 if _SMALL else 1000
_CROWDS = (20,) if _SMALL else (1000, 10_000)
_REST_SECONDS = 10 if _SMALL else 60
_SHAPE = Shape(
    count=int(os.environ.get("EVENTS") or (100_000 if _SMALL else 1_000_000)),
    size=int(os.environ.get("BYTES") or 0),
    keyed=bool(os.environ.get("KEYED")),
)
_PLAN = Plan(
    shape=_SHAPE,
    runs=int(os.environ.get("RUNS") or (1 if _SMALL else 3)),
    slots=(1,) if _SMALL else (1, 2),
    samples=3 if _SMALL else 10,
    against=_AGAINST,
    only=_ONLY,
    warm_ups=1 if _SMALL else 6,
)


def main() -> None:
    """Print a table of the job's parts, of the whole job, of the controller; with baselines."""
    MARKDOWN.unlink(missing_ok=True)
    if not _ONLY:
        parts = measure_parts(_PARTS_EVENTS)
        show(_CONSOLE, f"{_PARTS_EVENTS:,} events in one process; {machine()}", [parts])
    if _ONLY != _CONTROLLER:
        measure_pipeline(_CONSOLE, _PLAN)
    if _ONLY in ("", _CONTROLLER):
        show(_CONSOLE, f"{_CONTROLLER}; {machine()}", [_controller()])
        show(_CONSOLE, f"{_CONTROLLER} at rest; {machine()}", _at_rest())


def _controller() -> Grid:
    measured = []
    for count in _CROWDS:
        with step(f"deploy, restart and edit {count:,} jobs"):
            measured.append(measure_controller(count))
    rows = [each.rows() for each in measured]
    columns = ("what", *(f"{each.jobs:,} jobs" for each in measured))
    return grid("The controller", columns, [(what, *(r[what] for r in rows)) for what in rows[0]])


def _at_rest() -> list[Grid]:
    with step(f"{_JOBS:,} jobs at rest"):
        measured = measure_at_rest(_JOBS, _REST_SECONDS, _AGAINST)
    looks = ("controller", "Flink operator", "looks every", "its writes")
    edits = ("controller", "silent Flink operator", "1.15 looks every 10 s", "ratio")
    return [
        grid(
            f"{_JOBS} jobs at rest, a second of it",
            (*looks, "requests", "reconciliations", "CPU of a core"),
            measured.seconds,
        ),
        grid("From an edit to the child, 99th percentile", edits, measured.edits),
    ]


# Like Ctrl-C: the servers and clusters that were started end too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
try:
    main()
except StepFailed as failure:
    fail(str(failure))
