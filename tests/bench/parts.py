"""The job's parts in this process, each beside `json.loads` of the same events."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from dev.cluster.demo.events import generate
from program_user_info_job.record import process
from program_user_info_job.row.event_to_row import Origin, Row, Rules
from program_user_info_job.store.needed_rows import Indexed
from tests.bench.grid import Grid, grid
from tests.unit.job.prepared import batches


def measure_parts(count: int) -> Grid:
    """CPU time of each."""
    payloads = [each.payload for each in generate(count, seed=3) if each.reason is None]
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

    stages = {"json.loads": decode_all, "bytes to row": map_all, "rows to batches": batch_all}
    measured = {stage: _cpu(work) for stage, work in stages.items()}
    least = measured["json.loads"]
    table = [
        (stage, f"{seconds / len(payloads) * 1e6:.1f}", f"{seconds / least:.2f}")
        for stage, seconds in measured.items()
    ]
    columns = ("stage", "µs of CPU an event", "of json.loads alone")
    return grid("The job's parts", columns, table)


def _cpu(work: Callable[[], None]) -> float:
    """The least CPU seconds of three runs."""
    times = []
    for _ in range(3):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)
