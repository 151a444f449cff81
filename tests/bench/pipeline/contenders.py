"""What is measured: the job, that of another commit, our code alone, what others would pick."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.bench.incumbents.start import start_cassandra_sink, start_spark
from tests.bench.pipeline.job import THIS_COMMIT, Commit, Settings, rendered, running_job
from tests.bench.pipeline.measure import Contender, Running, World
from tests.bench.pipeline.told import told_by

ALONE = "our code without Flink and Kafka"
JOB = "the job, parallelism"
CASSANDRA_SINK = "PyFlink map, JVM CassandraSink"
SPARK = "PySpark, Cassandra connector"


def contenders(commits: Sequence[Commit], slots: Sequence[int]) -> list[Contender]:
    """In the order in which they take turns."""
    found = [alone()]
    for parallelism in slots:
        settings = Settings(parallelism)
        for commit in (THIS_COMMIT, *commits):
            suffix = f", {commit.name}" if commit.name else ""
            found.append(job(f"{JOB} {parallelism}{suffix}", settings, commit))
    found.append(Contender(CASSANDRA_SINK, start_cassandra_sink, commits=True))
    found.append(Contender(SPARK, start_spark))
    return found


def alone() -> Contender:
    """Our mapping and writing, of events in a file."""
    return Contender(ALONE, _alone)


def job(name: str, settings: Settings, commit: Commit = THIS_COMMIT) -> Contender:
    """The job with these settings."""

    @contextmanager
    def start(world: World, folder: Path) -> Iterator[Running]:
        with running_job(commit, world.servers, settings, folder) as cluster:

            def processed() -> int:
                cluster.check()
                with suppress(OSError):  # its REST interface is yet to come up
                    return cluster.processed()
                return 0

            try:
                yield Running(processed, lambda: cluster.sessions)
            except AssertionError as error:
                error.add_note(cluster.logs()[-5000:])
                raise

    return Contender(name, start, commits=True, letters=True, latency=True)


@contextmanager
def _alone(world: World, folder: Path) -> Iterator[Running]:
    config = folder / "config.yaml"
    as_deployed = rendered(THIS_COMMIT, world.servers, Settings(), folder)
    config.write_text(as_deployed.config, encoding="utf-8")
    program = [sys.executable, "-m", "tests.bench.pipeline.alone"]
    with told_by([*program, config, world.events.file], folder) as running:
        yield running
