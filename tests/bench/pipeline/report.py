"""The pipeline's tables; each value is the median of the runs, the least and the most behind it."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from tests.bench.grid import Grid, grid
from tests.bench.pipeline.contenders import JOB
from tests.bench.pipeline.events import Shape
from tests.bench.pipeline.machine import KINDS
from tests.bench.pipeline.servers import CASSANDRA_HEAP
from tests.bench.pipeline.summary import Spread, Summary, ratios


def grids(measured: Sequence[Summary]) -> list[Grid]:
    """All tables."""
    return [_cost(measured), _beside(measured), _threads(measured), _start(measured)]


def machine() -> str:
    """What everything ran on."""
    model = platform.processor() or platform.machine()
    return f"{os.cpu_count()} cores ({model}) for everything"


def conditions(shape: Shape, runs: int) -> str:
    """What a reader must know before comparing the figures with others."""
    size = f"at least {shape.size:,} bytes" if shape.size else "about 1.7 KB"
    spread = "each program in one partition" if shape.keyed else "spread over the partitions"
    load = Path("/proc/loadavg").read_text(encoding="ascii").split()[0]
    return (
        f"{shape.count:,} distinct events of {size}, {spread}; each measured {runs} times, in turn;"
        f" {machine()}, load average {load} at the end;"
        f" Cassandra as shipped (commitlog_sync: periodic), heap {CASSANDRA_HEAP}, warmed up"
    )


def _cost(measured: Sequence[Summary]) -> Grid:
    own = (*KINDS, "these together", "the machine")
    columns = ("CPU in µs an event", "events/s", *own, "Python and JVM, MiB", "latency, s")
    rows = []
    for each in measured:
        latency = each.latency()
        cells = [each.rate().text(",.0f"), *(_micros(each.micros(kind)) for kind in KINDS)]
        cells += [_micros(each.known()), _micros(each.machine()), each.memory().text(",.0f")]
        rows.append((each.name, *cells, latency.text(".2f") if latency else "-"))
    return grid("From Kafka to Cassandra", columns, rows)


def _beside(measured: Sequence[Summary]) -> Grid:
    columns = (f"{JOB} 1 does", "times the events/s", "times the events for the same own CPU")
    rows = []
    for each in measured:
        found = ratios(measured, f"{JOB} 1", each.name) or ("-", "-")
        rows.append((f"beside {each.name}", *found, each.outcomes()))
    return grid("The job beside the others", (*columns, "what was left"), rows)


def _threads(measured: Sequence[Summary]) -> Grid:
    shown = [each for each in measured if any(run.cost.threads for run in each.runs)]
    kinds = {does for each in shown for run in each.runs for does in run.cost.threads}
    rows = [
        (does, *(f"{each.thread_micros(does).median:.1f}" for each in shown))
        for does in sorted(kinds)
    ]
    rest = (f"{each.other_threads().median:.1f}" for each in shown)
    rows.append(("all else, such as REST, metrics, heartbeats", *rest))
    columns = ("µs an event", *(each.name for each in shown))
    return grid("The JVMs, by what their threads do", columns, rows)


def _start(measured: Sequence[Summary]) -> Grid:
    columns = ("until the first event is done", "seconds", "CPU seconds of Python", "of the JVMs")
    rows = [
        (
            each.name,
            each.start_seconds().text(".1f"),
            *(each.start_cpu(kind).text(".1f") for kind in ("Python", "JVM")),
        )
        for each in measured
    ]
    return grid("From the start of the processes", columns, rows)


def _micros(value: Spread) -> str:
    return value.text(".0f")
