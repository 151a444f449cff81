"""`make bench`: the job's parts, the whole job, and the controller with a crowd of them."""

from __future__ import annotations

import os

from rich.console import Console
from rich.table import Table

from dev.steps import StepFailed, fail
from tests.bench.at_rest import measure_at_rest
from tests.bench.controller import measure as measure_controller
from tests.bench.parts import measure_parts
from tests.bench.pipeline.events import Shape
from tests.bench.pipeline.run import Plan, measure_pipeline

_SMALL = bool(os.environ.get("SMALL"))
_AGAINST = os.environ.get("AGAINST", "")
_ONLY = os.environ.get("ONLY", "")
_PARTS_EVENTS = 10_000 if _SMALL else 50_000
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
)


def main() -> None:
    """Print a table of the job's parts, of the whole job, of the controller; with baselines."""
    if not _ONLY:
        measure_parts(_CONSOLE, _PARTS_EVENTS)
    measure_pipeline(_CONSOLE, _PLAN)
    if not _ONLY:
        _print_controller()
        _print_at_rest()


def _print_controller() -> None:
    table = Table(title="the controller")
    table.add_column("what")
    measured = [measure_controller(count) for count in _CROWDS]
    for each in measured:
        table.add_column(f"{each.jobs:,} jobs", justify="right")
    rows = [each.rows() for each in measured]
    for what in rows[0]:
        table.add_row(what, *(each[what] for each in rows))
    _CONSOLE.print(table)


def _print_at_rest() -> None:
    measured = measure_at_rest(_JOBS, _REST_SECONDS, _AGAINST)
    table = Table(title=f"{_JOBS} jobs at rest, a second of it")
    table.add_column("controller")
    for column in ("Flink operator", "looks every", "its writes", "requests", "reconciliations"):
        table.add_column(column, justify="right")
    table.add_column("CPU of a core", justify="right")
    for row in measured.seconds:
        table.add_row(*row)
    _CONSOLE.print(table)
    edits = Table(title="from an edit to the child, 99th percentile")
    edits.add_column("controller")
    for column in ("silent Flink operator", "1.15 looks every 10 s", "ratio"):
        edits.add_column(column, justify="right")
    for row in measured.edits:
        edits.add_row(*row)
    _CONSOLE.print(edits)


try:
    main()
except StepFailed as failure:
    fail(str(failure))
