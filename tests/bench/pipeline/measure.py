"""One run: from the start of its processes to the last event, the outcome compared."""

from __future__ import annotations

import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cassandra.cluster import Session
from confluent_kafka import Producer

from dev.cluster.demo.world import Kafka, connect_cassandra
from dev.steps import StepFailed
from tests.bench.pipeline.events import Events
from tests.bench.pipeline.job import DEAD_LETTERS, GROUP, KEYSPACE, SINGLES, TABLE, TOPIC
from tests.bench.pipeline.machine import (
    Sessions,
    cpu_nanoseconds,
    jvm_thread_nanoseconds,
    peak_mebibytes,
)
from tests.bench.pipeline.outcome import Outcome, compare_outcome
from tests.bench.pipeline.progress import watched
from tests.bench.pipeline.servers import Servers
from tests.cluster import eventually

_PATIENCE = 3600.0
_START = 900.0


@dataclass(frozen=True)
class World:
    """What all runs share."""

    servers: Servers
    events: Events
    samples: int
    """How often the latency of a single event is measured in each run."""


@dataclass(frozen=True)
class Running:
    """What was started: how far it is, and its process sessions."""

    processed: Callable[[], int]
    sessions: Callable[[], list[int]]


Start = Callable[[World, Path], AbstractContextManager[Running]]


@dataclass(frozen=True)
class Contender:
    """A row of the table."""

    name: str
    start: Start
    commits: bool = False
    """Whether it commits offsets to Kafka: only then all is written."""
    letters: bool = False
    """Whether it keeps dead letters."""
    latency: bool = False
    """Whether the latency of single events is measured."""


@dataclass(frozen=True)
class Cost:
    """What one run took."""

    events: int
    seconds: float
    """From the first event that was done to the last; so are CPU times."""
    cpu: Counter[str]
    """CPU nanoseconds, by kind of process."""
    threads: Counter[str]
    """CPU nanoseconds of the JVMs' threads of which it is known what they do."""
    memory: Counter[str]
    """MiB at most, by kind of process."""
    start_seconds: float
    """From the start of its processes to the first event that is done."""
    start_cpu: Counter[str]


@dataclass(frozen=True)
class Run:
    """What one run of a contender took, and left."""

    name: str
    cost: Cost
    outcome: Outcome
    latencies: tuple[float, ...] = ()
    """Seconds from an event's arrival to its row, at about one event a second."""


def measure(contender: Contender, world: World) -> Run:
    """Run it on an empty table until all events are done."""
    kafka = Kafka(world.servers.kafka_port)
    with connect_cassandra(world.servers.cassandra_port) as session:
        _clean(kafka, session)
        with tempfile.TemporaryDirectory() as folder:
            started = time.monotonic()
            with contender.start(world, Path(folder)) as running:
                cost = _watch(contender.name, world, running, started)
                if contender.commits:
                    kafka.wait_for_commit(TOPIC, GROUP)
                letters = kafka.dead_letters(DEAD_LETTERS) if contender.letters else None
                outcome = compare_outcome(world.events, session, TABLE, letters)
                times = _latencies(world, session) if contender.latency else ()
    return Run(contender.name, cost, outcome, times)


def _watch(name: str, world: World, running: Running, started: float) -> Cost:
    """What it takes, without what comes after: the rows are compared later."""
    count = world.events.count

    def sessions() -> Sessions:
        known: dict[int, str | None] = dict.fromkeys(running.sessions())
        servers = world.servers
        return known | {servers.kafka: "Kafka", servers.cassandra: "Cassandra"}

    first = eventually(running.processed, f"{name}: an event is done", _START, at_most=0.2)
    if first >= count:
        raise StepFailed(f"{name}: all events were done at once; measure more of them (EVENTS=n)")
    begun, before = time.monotonic(), cpu_nanoseconds(sessions())
    threads = jvm_thread_nanoseconds(sessions())
    watched(name, running.processed, count, _PATIENCE)
    seconds, after = time.monotonic() - begun, cpu_nanoseconds(sessions())
    return Cost(
        events=count - first,
        seconds=seconds,
        cpu=after - before,
        threads=jvm_thread_nanoseconds(sessions()) - threads,
        memory=peak_mebibytes(sessions()),
        start_seconds=begun - started,
        start_cpu=Counter({kind: before[kind] for kind in ("Python", "JVM")}),
    )


def _clean(kafka: Kafka, session: Session) -> None:
    """Begin without a table, without offsets, without dead letters."""
    session.execute(f"DROP KEYSPACE IF EXISTS {KEYSPACE}")
    kafka.delete_group(GROUP)
    kafka.delete(DEAD_LETTERS)
    kafka.recreate(SINGLES)


def _latencies(world: World, session: Session) -> tuple[float, ...]:
    """One event after the other, each when the one before is a row."""
    good = (
        each.payload
        for each in world.events.records()
        if (each.partition, each.offset) not in world.events.rejected
    )
    event = msgspec.json.decode(next(good) or b"")
    query = f"SELECT user_id FROM {TABLE} WHERE program_id = %s AND user_id = %s"
    producer = Producer({"bootstrap.servers": world.servers.bootstrap, "linger.ms": 0})
    found = []
    for _ in range(world.samples):
        user = str(uuid.uuid4())
        producer.produce(SINGLES, msgspec.json.encode(event | {"userId": user}))
        producer.flush(30)
        sent = time.monotonic()
        while session.execute(query, (event["programId"], user)).one() is None:
            time.sleep(0.01)
        found.append(time.monotonic() - sent)
    return tuple(found)
