"""The job from Kafka to Cassandra, and the same code without Flink: events/s and CPU per event.

All share this machine's cores: Kafka and Cassandra in the embedded cluster, Flink beside it.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from pathlib import Path

import msgspec
from confluent_kafka import Producer

from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.demo.events import generate
from dev.cluster.demo.world import Kafka, open_cassandra, open_kafka
from program_user_info_job.config.model import Config
from program_user_info_job.pipeline.call import Call
from program_user_info_job.pipeline.garbage_collection import spare_the_collector
from program_user_info_job.row.convert import Rules
from program_user_info_job.store.schema_preparation import prepare_schema
from program_user_info_job.store.session import open_session
from program_user_info_job.store.writer import Writer
from tests.bench.processes import cpu_nanoseconds, jvm_thread_nanoseconds
from tests.cluster import eventually, the_pod
from tests.configuration import Document, document, write
from tests.servers.session_cluster import GENERATIONS, session_cluster

TOPIC = "bench.events"
GROUP = KEYSPACE = "bench"
_POOL = 100_000
_PROGRAMS = 200
_MALFORMED_TENTHS = 10  # the generator's 1 % are thinned to 0.1 %
_PATIENCE = 1200.0


@dataclass(frozen=True)
class Measured:
    """One row of the table."""

    name: str
    events: int
    seconds: float
    cpu: Counter[str]
    """CPU nanoseconds, by kind of process."""
    threads: Counter[str] = field(default_factory=Counter)
    """CPU nanoseconds of the JVM, by what its threads do."""
    latencies: tuple[float, ...] = ()
    """Seconds from an event's arrival to its row, at about one event a second, in order."""

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.seconds

    def micros(self, kind: str) -> float:
        """CPU per event, in microseconds: of a kind of process, or of the JVM's threads."""
        return (self.cpu | self.threads)[kind] / self.events / 1e3


def payloads(count: int) -> Iterator[bytes]:
    """Events of about 1.7 KB; a pool of distinct ones, over and over."""
    pool = []
    for number, each in enumerate(generate(min(count, _POOL), seed=3, programs=_PROGRAMS)):
        if each.reason is None or number % _MALFORMED_TENTHS == 0:
            pool.append(each.payload)
    return islice(cycle(pool), count)


def fill_topic(kafka: Kafka, count: int) -> None:
    """The topic that everything measured reads."""
    kafka.recreate(TOPIC)
    producer = Producer(
        {
            "bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}",
            "linger.ms": 100,
            "queue.buffering.max.messages": 50_000,
        }
    )
    for payload in payloads(count):
        while True:
            try:
                producer.produce(TOPIC, payload)
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(600):
        raise RuntimeError("not all events were sent")


def measure_job(kafka: Kafka, count: int, parallelism: int, samples: int) -> Measured:
    """Our job on a session cluster of this machine."""
    kafka.delete_group(GROUP)
    empty_keyspace()
    with (
        tempfile.TemporaryDirectory() as folder,
        session_cluster(GENERATIONS[0], Path(folder), slots=parallelism) as cluster,
    ):
        cluster.submit(write(Path(folder) / "job.yaml", configuration(parallelism)))
        name = f"the job, parallelism {parallelism}"
        return replace(watch(name, cluster.processed, count), latencies=latencies(samples))


def watch(name: str, processed: Callable[[], int], count: int) -> Measured:
    """From the first event that is done to the last; CPU likewise."""
    eventually(lambda: processed() > 0, f"{name}: events are processed", 300, at_most=0.2)
    first, started, before = processed(), time.monotonic(), cpu_nanoseconds()
    threads = jvm_thread_nanoseconds()
    done = f"{name}: all is processed"
    eventually(lambda: processed() >= count, done, _PATIENCE, every=1, at_most=1)
    seconds, after = time.monotonic() - started, cpu_nanoseconds()
    threads = jvm_thread_nanoseconds() - threads
    return Measured(name, count - first, seconds, after - before, threads)


def latencies(samples: int) -> tuple[float, ...]:
    """One event after the other, each when the one before is a row."""
    found = []
    event = msgspec.json.decode(next(payloads(1)))
    key = "program_id = %s AND user_id = %s"
    producer = Producer({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}", "linger.ms": 0})
    with open_cassandra() as session:
        for _ in range(samples):
            user = str(uuid.uuid4())
            producer.produce(TOPIC, msgspec.json.encode(event | {"userId": user}))
            producer.flush(30)
            sent = time.monotonic()
            query = f"SELECT user_id FROM {KEYSPACE}.program_enrollment WHERE {key}"
            while session.execute(query, (event["programId"], user)).one() is None:
                time.sleep(0.01)
            found.append(time.monotonic() - sent)
    return tuple(sorted(found))


def measure_plain(count: int) -> Measured:
    """The same mapping and write path without Flink and Kafka, from memory."""
    config = msgspec.convert(configuration(1), Config)
    batch = config.flink.arrow_batch
    empty_table()
    with open_session(config.cassandra, config.writes.request_timeout) as session:
        writer = Writer(session, config.cassandra, config.writes)
        source = list(payloads(count))
        rules, now = Rules(), time.time_ns() // 1_000_000
        spare_the_collector()
        started, before, mine = time.monotonic(), cpu_nanoseconds(), time.process_time_ns()
        for first in range(0, count, batch):
            call = Call(rules, now, writer.begin())
            records = enumerate(source[first : first + batch], first)
            call.write((payload, offset, now) for offset, payload in records)
        seconds, cpu = time.monotonic() - started, cpu_nanoseconds() - before
        cpu["Python"] = time.process_time_ns() - mine
    return Measured("our code without Flink and Kafka", count, seconds, cpu)


@contextmanager
def filled_topic(count: int) -> Iterator[Kafka]:
    """Kafka, with the topic that everything measured reads."""
    with open_kafka() as kafka:
        fill_topic(kafka, count)
        yield kafka


def empty_keyspace() -> None:
    """Begin without a table."""
    with open_cassandra() as session:
        session.execute(f"DROP KEYSPACE IF EXISTS {KEYSPACE}")


def empty_table() -> None:
    """Begin with an empty one, for those that make none."""
    empty_keyspace()
    prepare_schema(msgspec.convert(configuration(1), Config), create=True)


def configuration(parallelism: int) -> Document:
    """The job's configuration; Cassandra by its pod's address, so that nothing is in between."""
    kafka = {
        "bootstrapServers": [f"127.0.0.1:{KAFKA_PORT}"],
        "topic": TOPIC,
        "groupId": GROUP,
        "deadLetterTopic": f"{TOPIC}.failed",
    }
    return document(
        f"{cassandra_host()}:9042", KEYSPACE, kafka=kafka, flink={"parallelism": parallelism}
    )


def cassandra_host() -> str:
    """Its pod's address."""
    address: str = the_pod("app=cassandra")["status"]["podIP"]
    return address
