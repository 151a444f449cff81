"""The incumbents, started as the job is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dev.cluster.toolchain.jars import fetch_jars
from dev.steps import console
from program_user_info_job.config.load import load_config
from program_user_info_job.pipeline.waiting import wait_for
from program_user_info_job.store.schema_preparation import prepare_schema
from tests.bench.pipeline.job import KEYSPACE, THIS_COMMIT, TOPIC, Settings, rendered
from tests.bench.pipeline.measure import Running, World
from tests.bench.pipeline.told import told_by
from tests.servers.local_flink import GENERATIONS, Options
from tests.servers.session_cluster import session_cluster

_HERE = Path(__file__).parent
_IN_THE_WHEELS = ("org.scala-lang", "org.apache.hadoop", "org.slf4j")
_EVENTS_PER_BATCH = 20_000


@contextmanager
def start_cassandra_sink(world: World, folder: Path) -> Iterator[Running]:
    """A Python map and Flink's CassandraSink, with the memory of our job and Flink's own JVM."""
    options = plain_jvm(_prepare(world, folder))
    jars = _jars("cassandra_sink")
    flink = folder / "flink"
    flink.mkdir()
    with session_cluster(GENERATIONS[0], flink, options) as cluster:
        program = _HERE / "cassandra_sink" / "job.py"
        servers = world.servers
        cassandra = f"127.0.0.1:{servers.cassandra_port}"
        cluster.run_python(program, servers.bootstrap, TOPIC, cassandra, KEYSPACE, jars)

        def processed() -> int:
            return round(sum(float(each["sum"]) for each in cluster.metrics(_read_by_source)))

        yield Running(processed, lambda: cluster.sessions)


@contextmanager
def start_spark(world: World, folder: Path) -> Iterator[Running]:
    """PySpark Structured Streaming with the Spark Cassandra Connector."""
    _prepare(world, folder)
    servers = world.servers
    cassandra = f"127.0.0.1:{servers.cassandra_port}"
    size = str(min(_EVENTS_PER_BATCH, world.events.count // 4))
    command: list[str | Path] = [
        *(sys.executable, _HERE / "spark" / "job.py", servers.bootstrap, TOPIC, cassandra),
        *(KEYSPACE, _jars("spark"), folder / "checkpoints", size),
    ]
    with told_by(command, folder) as running:
        yield running


def plain_jvm(options: Options) -> Options:
    """The same without what suits our job: its choice of compilers, the processors of its pods."""
    name = "env.java.opts.all"
    needed = [word for word in str(options[name]).split() if word.startswith("--add-opens=")]
    return {**options, name: " ".join(needed)}


def _prepare(world: World, folder: Path) -> Options:
    """The table that our job would make; the Flink options that it would run with."""
    job = rendered(THIS_COMMIT, world.servers, Settings(), folder)
    config = folder / "config.yaml"
    config.write_text(job.config, encoding="utf-8")
    loaded = load_config(config)
    wait_for("the table", lambda: prepare_schema(loaded, create=True), console.print)
    return job.options


def _read_by_source(offered: list[dict[str, Any]]) -> list[str]:
    """The sink keeps 256 writes in flight at most, so what was read is all but written."""
    names = (str(metric["id"]) for metric in offered)
    return [name for name in names if name == "Source__events.numRecordsOut"]


def _jars(name: str) -> Path:
    """The folder with an incumbent's jars."""
    return fetch_jars(f"bench-{name}", _HERE / name / "pom.xml", without=_IN_THE_WHEELS)
