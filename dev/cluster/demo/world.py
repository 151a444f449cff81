"""The demo's hands on Kafka and Cassandra: topics, records, rows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, Session
from cassandra.policies import WhiteListRoundRobinPolicy
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.demo.fold import Key, Record, Row
from dev.cluster.forward import port_forward
from dev.cluster.target import own_kubeconfig
from dev.steps import wait_until

NAMESPACE = "sunbird-dev"
PARTITIONS = 4
_LIMITS = {"max.message.bytes": str(8 << 20)}


class DeadLetter(NamedTuple):
    """A record of the dead-letter topic."""

    payload: bytes | None
    headers: dict[str, str]


class Kafka:
    """A topic's administration and contents, by a port of this machine."""

    def __init__(self, port: int = KAFKA_PORT) -> None:
        # Silent: a forwarded port comes and goes, and what matters raises.
        self._properties = {"bootstrap.servers": f"127.0.0.1:{port}", "log_level": "0"}
        self._admin = AdminClient(self._properties)

    def recreate(self, *topics: str, configuration: dict[str, str] | None = None) -> None:
        """Empty topics, whatever was there before."""
        self.delete(*topics)
        futures = self._admin.create_topics(
            [
                NewTopic(topic, num_partitions=PARTITIONS, config=_LIMITS | (configuration or {}))
                for topic in topics
            ]
        )
        for future in futures.values():
            future.result(30)
        wait_until(lambda: set(topics) <= self._names(), "the topics are announced", timeout=30)

    def delete(self, *topics: str) -> None:
        """Delete the topics that exist, and wait until they are gone."""
        existing = [topic for topic in topics if topic in self._names()]
        if existing:
            for future in self._admin.delete_topics(existing).values():
                future.result(30)
            wait_until(
                lambda: not set(existing) & self._names(), "the old topics are gone", timeout=30
            )

    def delete_group(self, group: str) -> None:
        """Forget the group's offsets, if it has any."""
        with contextlib.suppress(KafkaException):  # there is no such group
            self._admin.delete_consumer_groups([group])[group].result(30)

    def records(self, topic: str) -> list[Record]:
        """All records of the topic up to its present end."""
        return [record for record, _ in self._read(topic)]

    def dead_letters(self, topic: str) -> list[DeadLetter]:
        """All dead letters so far; none where the topic is yet to be created."""
        if topic not in self._names():
            return []
        return [
            DeadLetter(record.payload, {name: value.decode() for name, value in headers})
            for record, headers in self._read(topic)
        ]

    def ends(self, topic: str) -> dict[int, int]:
        """Each partition's present end."""
        consumer = Consumer(self._properties | {"group.id": "demo-reader"})
        try:
            partitions = [TopicPartition(topic, number) for number in self._partitions(topic)]
            return {
                each.partition: consumer.get_watermark_offsets(each, timeout=30)[1]
                for each in partitions
            }
        finally:
            consumer.close()

    def lag(self, topic: str, group: str) -> int:
        """Records that the group has not committed yet."""
        consumer = Consumer(self._properties | {"group.id": group})
        try:
            partitions = [TopicPartition(topic, number) for number in self._partitions(topic)]
            lag = 0
            for each in consumer.committed(partitions, timeout=30):
                low, high = consumer.get_watermark_offsets(each, timeout=30)
                lag += high - (each.offset if each.offset >= 0 else low)
            return lag
        finally:
            consumer.close()

    def wait_for_commit(self, topic: str, group: str, timeout: float = 240) -> None:
        """Wait until the group has committed everything that is in the topic."""
        wait_until(
            lambda: self.lag(topic, group) == 0,
            f"{group} has committed all of {topic}",
            timeout=timeout,
        )

    def _names(self) -> set[str]:
        return set(self._admin.list_topics(timeout=30).topics)

    def _partitions(self, topic: str) -> list[int]:
        return list(self._admin.list_topics(topic, timeout=30).topics[topic].partitions)

    def _read(self, topic: str) -> list[tuple[Record, list[tuple[str, bytes]]]]:
        consumer = Consumer(
            self._properties | {"group.id": "demo-reader", "enable.auto.commit": "false"}
        )
        found = []
        try:
            left = {}
            for number in self._partitions(topic):
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), 30)
                if high > low:
                    left[number] = high
            consumer.assign([TopicPartition(topic, number, 0) for number in left])
            while left:
                for message in consumer.consume(1000, 1.0):
                    number, offset = message.partition() or 0, message.offset() or 0
                    moment = message.timestamp()[1]
                    record = Record(message.value(), number, offset, moment)
                    found.append((record, message.headers() or []))
                    if offset + 1 >= left.get(number, 0):
                        left.pop(number, None)
        finally:
            consumer.close()
        return found


@contextmanager
def open_kafka() -> Iterator[Kafka]:
    """Kafka by this machine's port: the embedded cluster's relay, or what kubectl forwards."""
    if own_kubeconfig() is None:
        yield Kafka()
    else:
        with port_forward("service/kafka", NAMESPACE, KAFKA_PORT, KAFKA_PORT, keep_up=True):
            yield Kafka()


@contextmanager
def open_cassandra() -> Iterator[Session]:
    """A session with Cassandra through a forwarded port."""
    with (
        port_forward("service/cassandra", NAMESPACE, 9042) as port,
        connect_cassandra(port) as session,
    ):
        yield session


@contextmanager
def connect_cassandra(port: int) -> Iterator[Session]:
    """A session with Cassandra at a port of this machine."""
    profile = ExecutionProfile(
        load_balancing_policy=WhiteListRoundRobinPolicy(["127.0.0.1"]), request_timeout=30
    )
    cluster = Cluster(
        ["127.0.0.1"],
        port=port,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        protocol_version=4,
        connect_timeout=30,
        control_connection_timeout=30,
    )
    try:
        yield cluster.connect()
    finally:
        cluster.shutdown()


def read_rows(session: Session, table: str) -> dict[Key, Row]:
    """All rows by program and user; null cells left out, timestamps in milliseconds."""
    return dict(each_row(session, table))


def each_row(session: Session, table: str) -> Iterator[tuple[Key, Row]]:
    """The same one by one, for tables that are larger than memory."""
    for found in session.execute(f"SELECT * FROM {table}"):
        row = found._asdict()
        key = (row.pop("program_id"), row.pop("user_id"))
        yield key, {name: _plain(value) for name, value in row.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return round(value.replace(tzinfo=UTC).timestamp() * 1000)
    return value


def differences(expected: dict[Key, Row], found: dict[Key, Row]) -> list[str]:
    """What differs, without any value in it: rows and columns by position only."""
    problems = []
    for number, key in enumerate(sorted(expected.keys() | found.keys())):
        if key not in found:
            problems.append(f"row {number} is missing")
        elif key not in expected:
            problems.append(f"row {number} should not be there")
        elif found[key] != expected[key]:
            columns = sorted(
                column
                for column in expected[key].keys() | found[key].keys()
                if expected[key].get(column) != found[key].get(column)
            )
            problems.append(f"row {number} differs in {', '.join(columns)}")
    return problems
