"""The pipeline's tables."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.pipeline.contenders import JOB
from tests.bench.pipeline.events import Shape
from tests.bench.pipeline.machine import KINDS
from tests.bench.pipeline.servers import CASSANDRA_HEAP
from tests.bench.pipeline.summary import Spread, Summary, ratios


def print_report(console: Console, shape: Shape, measured: Sequence[Summary]) -> None:
    """All of them, each value as the median of the runs, the least and the most in brackets."""
    console.print(_conditions(shape, len(measured[0].runs)))
    console.print(_main(measured))
    console.print(_beside(measured))
    console.print(_threads(measured))
    console.print(_start(measured))


def machine() -> str:
    """What everything ran on."""
    model = platform.processor() or platform.machine()
    return f"{os.cpu_count()} cores ({model}) for everything"


def _conditions(shape: Shape, runs: int) -> str:
    size = f"at least {shape.size:,} bytes" if shape.size else "about 1.7 KB"
    spread = "each program in one partition" if shape.keyed else "spread over the partitions"
    load = Path("/proc/loadavg").read_text(encoding="ascii").split()[0]
    return (
        f"{shape.count:,} distinct events of {size}, {spread}; {runs} runs each, in turn;"
        f" {machine()}, load average at the end {load};"
        f" Cassandra as shipped (commitlog_sync: periodic), heap {CASSANDRA_HEAP}"
    )


def _main(measured: Sequence[Summary]) -> Table:
    table = _table("from Kafka to Cassandra; CPU in µs per event")
    columns = ("events/s", *KINDS, "all of these", "machine", "Python and JVM, MiB")
    _columns(table, *columns, "latency s")
    for each in measured:
        latency = each.latency()
        table.add_row(
            each.name,
            each.rate().text(",.0f"),
            *(_micros(each.micros(kind)) for kind in KINDS),
            _micros(each.known()),
            _micros(each.machine()),
            each.memory().text(",.0f"),
            latency.text(".2f") if latency else "",
            end_section=True,
        )
    return table


def _beside(measured: Sequence[Summary]) -> Table:
    table = _table("the job beside the others; what each run left")
    _columns(table, "times its events/s", "times its events per CPU of Python and JVM")
    table.add_column("the table and the dead letters")
    for each in measured:
        found = ratios(measured, f"{JOB} 1", each.name) or ("", "")
        table.add_row(each.name, *found, each.outcomes())
    return table


def _threads(measured: Sequence[Summary]) -> Table:
    table = _table("the JVMs' µs per event, by what their threads do")
    shown = [each for each in measured if any(run.cost.threads for run in each.runs)]
    _columns(table, *(each.name for each in shown))
    kinds = {does for each in shown for run in each.runs for does in run.cost.threads}
    for does in sorted(kinds):
        table.add_row(does, *(f"{each.thread_micros(does).median:.1f}" for each in shown))
    return table


def _start(measured: Sequence[Summary]) -> Table:
    table = _table("from the start of the processes to the first event that is done")
    _columns(table, "seconds", "CPU seconds of Python and JVM")
    for each in measured:
        table.add_row(each.name, each.start_seconds().text(".1f"), each.start_cpu().text(".1f"))
    return table


def _table(title: str) -> Table:
    table = Table(title=title)
    table.add_column("what")
    return table


def _columns(table: Table, *names: str) -> None:
    for name in names:
        table.add_column(name, justify="right")


def _micros(value: Spread) -> str:
    return value.text(".0f")
