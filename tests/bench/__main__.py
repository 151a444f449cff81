"""`make bench`: the job's parts, the whole job, and the controller with a crowd of them."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from dev.cluster.bring_up import up
from dev.cluster.demo.events import generate
from program_user_info_job.record import process
from program_user_info_job.row.convert import Origin, Row, Rules
from program_user_info_job.store.needed_rows import Indexed
from tests.bench import pipeline
from tests.bench.at_rest import measure_at_rest
from tests.bench.controller import measure as measure_controller
from tests.bench.incumbents.measure import measure_cassandra_sink, measure_spark
from tests.bench.processes import KINDS
from tests.unit.job.prepared import batches

_SMALL = bool(os.environ.get("SMALL"))
_EVENTS = 10_000 if _SMALL else 50_000
_TOPIC_EVENTS = int(os.environ.get("EVENTS") or (20_000 if _SMALL else 1_000_000))
_CONSOLE = Console(width=max(Console().width, 150))
_JOBS = 20 if _SMALL else 1000
_CROWDS = (20,) if _SMALL else (1000, 10_000)
_SLOTS = (1,) if _SMALL else (1, 2)
_REST_SECONDS = 10 if _SMALL else 60
_SAMPLES = 3 if _SMALL else 20


def main() -> None:
    """Print a table of the job's parts, of the whole job, of the controller; with baselines."""
    up()
    _measure_parts()
    _measure_pipeline()
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
    measured = measure_at_rest(_JOBS, _REST_SECONDS, os.environ.get("AGAINST", ""))
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


def _measure_parts() -> None:
    payloads = [each.payload for each in generate(_EVENTS, seed=3) if each.reason is None]
    rules, now = Rules(), time.time_ns() // 1_000_000
    rows: list[Row] = []

    def map_all() -> None:
        rows.clear()
        for offset, payload in enumerate(payloads):
            row = process(payload, Origin(offset, now), rules, now)
            if not isinstance(row, Row):
                raise TypeError("the generator made an event that is rejected")
            rows.append(row)

    def decode_all() -> None:
        for payload in payloads:
            json.loads(payload)

    def batch_all() -> None:
        batches(Indexed(number, row) for number, row in enumerate(rows))

    table = Table(title=f"{len(payloads)} events, {_machine()}")
    for column in ("stage", "µs of CPU per event", "of json.loads alone"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    stages = {"json.loads": decode_all, "bytes to row": map_all, "rows to batches": batch_all}
    measured = {stage: _cpu(work) for stage, work in stages.items()}
    for stage, seconds in measured.items():
        micros = seconds / len(payloads) * 1e6
        table.add_row(stage, f"{micros:.1f}", f"{seconds / measured['json.loads']:.2f}")
    _CONSOLE.print(table)


def _measure_pipeline() -> None:
    with pipeline.filled_topic(_TOPIC_EVENTS) as kafka:
        measured = [pipeline.measure_plain(_TOPIC_EVENTS)]
        measured += [
            pipeline.measure_job(kafka, _TOPIC_EVENTS, slots, _SAMPLES) for slots in _SLOTS
        ]
        measured.append(measure_cassandra_sink(kafka, _TOPIC_EVENTS))
        measured.append(measure_spark(_TOPIC_EVENTS))
    ceiling = measured[0].rate
    table = Table(
        title=f"{_TOPIC_EVENTS} events from Kafka to Cassandra; CPU per event; {_machine()}"
    )
    table.add_column("what")
    for column in ("events/s", "of plain Python", *(f"{kind} µs" for kind in KINDS)):
        table.add_column(column, justify="right")
    table.add_column("latency s, median / most", justify="right")
    for each in measured:
        cpu = (f"{each.micros(kind):.0f}" for kind in KINDS)
        delays = each.latencies
        delay = f"{delays[len(delays) // 2]:.2f} / {delays[-1]:.2f}" if delays else ""
        table.add_row(each.name, f"{each.rate:,.0f}", f"{each.rate / ceiling:.2f}", *cpu, delay)
    _CONSOLE.print(table)
    threads = Table(title="the JVM's µs per event, by what its threads do")
    threads.add_column("what")
    shown = [each for each in measured if each.threads]
    for each in shown:
        threads.add_column(each.name, justify="right")
    for does in sorted({does for each in shown for does in each.threads}):
        threads.add_row(does, *(f"{each.micros(does):.1f}" for each in shown))
    _CONSOLE.print(threads)


def _machine() -> str:
    model = platform.processor() or platform.machine()
    return f"{os.cpu_count()} cores ({model}) for everything"


def _cpu(work: Callable[[], None]) -> float:
    """The least CPU seconds of three runs."""
    times = []
    for _ in range(3):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


main()
