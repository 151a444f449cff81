"""The bench itself: it runs, and every row of its tables is there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from dev.paths import REPOSITORY
from tests.bench.grid import MARKDOWN

pytestmark = pytest.mark.nightly

ROWS = (
    "bytes to row",
    "our code without Flink and Kafka",
    "the job, parallelism 1",
    "PyFlink map, JVM CassandraSink",
    "PySpark, Cassandra connector",
    "all rows, all dead letters",
    "times the events/s",
    "compiles",
    "From the start of the processes",
    "ratio to the bare client",
    "jobs at rest, a second of it",
    "this commit",
    "1.15 looks every 10 s",
)


def test_a_small_bench_fills_its_tables() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench"],
        cwd=REPOSITORY,
        env=os.environ | {"SMALL": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    written = MARKDOWN.read_text(encoding="utf-8")
    assert [row for row in ROWS if row not in written] == []
