"""The incumbents, measured as the job is."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.demo.world import Kafka
from dev.cluster.toolchain.jars import fetch_jars
from tests.bench.pipeline import (
    GROUP,
    KEYSPACE,
    TOPIC,
    Measured,
    cassandra_host,
    empty_table,
    watch,
)
from tests.servers.session_cluster import GENERATIONS, session_cluster

_HERE = Path(__file__).parent
_IN_THE_WHEELS = ("org.scala-lang", "org.apache.hadoop", "org.slf4j")
_EVENTS_PER_BATCH = 20_000
_SERVERS = f"127.0.0.1:{KAFKA_PORT}"


def measure_cassandra_sink(kafka: Kafka, count: int) -> Measured:
    """A Python map and Flink's CassandraSink, the design document's pipeline."""
    kafka.delete_group(GROUP)
    empty_table()

    with (
        tempfile.TemporaryDirectory() as folder,
        session_cluster(GENERATIONS[0], Path(folder)) as cluster,
    ):
        jars = _jars("cassandra_sink")
        program = _HERE / "cassandra_sink" / "job.py"
        cluster.run_python(program, _SERVERS, TOPIC, cassandra_host(), KEYSPACE, jars)

        def processed() -> int:
            return round(sum(float(each["sum"]) for each in cluster.metrics(_read_by_source)))

        return watch("PyFlink map, JVM CassandraSink", processed, count)


def measure_spark(count: int) -> Measured:
    """PySpark Structured Streaming with the Spark Cassandra Connector."""
    empty_table()
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "processed"
        told.write_text("0", encoding="utf-8")
        with _spark(Path(folder), told, min(_EVENTS_PER_BATCH, count // 4)):
            return watch("PySpark, Cassandra connector", lambda: int(told.read_text() or 0), count)


@contextmanager
def _spark(folder: Path, told: Path, events_per_batch: int) -> Iterator[None]:
    command: list[str | Path] = [
        *(sys.executable, _HERE / "spark" / "job.py", _SERVERS, TOPIC, cassandra_host(), KEYSPACE),
        *(_jars("spark"), folder / "checkpoints", told, str(events_per_batch)),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield
    except AssertionError as error:
        error.add_note((folder / "log").read_text(encoding="utf-8", errors="replace")[-3000:])
        raise
    finally:
        process.terminate()
        process.wait()


def _read_by_source(offered: list[dict[str, Any]]) -> list[str]:
    """The sink keeps 256 writes in flight at most, so what was read is all but written."""
    names = (str(metric["id"]) for metric in offered)
    return [name for name in names if name == "Source__events.numRecordsOut"]


def _jars(name: str) -> Path:
    """The folder with an incumbent's jars."""
    return fetch_jars(f"bench-{name}", _HERE / name / "pom.xml", without=_IN_THE_WHEELS)
