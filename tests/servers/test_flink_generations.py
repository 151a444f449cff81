"""The same job on both Flink generations, by `flink run --python` on a session cluster."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.demo.events import demo_events
from dev.cluster.demo.run import compare
from dev.cluster.demo.world import NAMESPACE, PARTITIONS, open_cassandra, open_kafka, read_rows
from dev.cluster.forward import port_forward
from tests.cluster import eventually
from tests.configuration import document, write
from tests.servers.local_flink import GENERATIONS, Flink
from tests.servers.session_cluster import SessionCluster, session_cluster

pytestmark = pytest.mark.cluster
LARGE = b"{" + b"x" * (12 << 20)  # the topic takes 8 MiB, of compressed bytes
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


@pytest.mark.parametrize("flink", GENERATIONS, ids=lambda flink: flink.name)
def test_rows_and_dead_letters_equal_the_fold(flink: Flink, tmp_path: Path) -> None:
    name = flink.name.replace("-", "_")
    topic = f"{flink.name}.events"
    events = list(demo_events(2000, seed=5))
    with (
        open_kafka() as kafka,
        port_forward("service/cassandra", NAMESPACE, 9042) as cassandra,
        session_cluster(flink, tmp_path) as cluster,
    ):
        kafka.delete_group(flink.name)
        kafka.recreate(topic, f"{topic}.more")
        kafka.delete(f"{topic}.failed")
        with open_cassandra() as session:
            session.execute(f"DROP KEYSPACE IF EXISTS {name}")
        for number, codec in enumerate(CODECS):
            send(topic, [event.payload for event in events[number :: len(CODECS)]], codec)
        send_rejected(topic)
        make_dead_letter_topic(f"{topic}.failed")
        kafka_section = {
            "bootstrapServers": [f"127.0.0.1:{KAFKA_PORT}"],
            "topic": topic,
            "groupId": flink.name,
            "deadLetterTopic": f"{topic}.failed",
            "additionalTopics": [f"{topic}.more"],
            # One for each client, and one for both.
            "clientOptions": {
                "client.rack": "a",
                "linger.ms": "5",
                "request.timeout.ms": "20000",
            },
        }
        flink_section = {"checkpointInterval": 2000, "partitionDiscovery": 1000}
        address = f"127.0.0.1:{cassandra}"
        parts = document(address, name, kafka=kafka_section, flink=flink_section)
        cluster.submit(write(tmp_path / "job.yaml", parts))
        kafka.wait_for_commit(topic, flink.name)
        with open_cassandra() as session:
            found = read_rows(session, f"{name}.program_enrollment")
        rejected = {event.payload: event.reason for event in events if event.reason}
        rejected[LARGE] = "INVALID_JSON"
        assert len(found) > 500
        assert compare(kafka, rejected, found, topic).problems == []
        assert ("trace", b"7") in header_items(f"{topic}.failed", b"key")
        assert "write stage connected to Cassandra" in cluster.logs()
        nothing_waits(cluster, newest_moment(topic, f"{topic}.more"))
        more_partitions(topic, PARTITIONS + 1)
        # One that has not learned the number of partitions before.
        producer = Producer({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}"})
        eventually(
            lambda: len(producer.list_topics(topic).topics[topic].partitions) > PARTITIONS,
            "the new partition is announced",
        )
        expected = set()
        for where, partition in ((f"{topic}.more", 0), (topic, PARTITIONS)):
            user = f"of {where} {partition}"
            event = {"programId": "several", "userId": user, "userProfile": {}}
            producer.produce(where, msgspec.json.encode(event), partition=partition)
            expected.add(("several", user))
        assert producer.flush(60) == 0
        with open_cassandra() as session:
            table = f"{name}.program_enrollment"
            eventually(
                lambda: expected <= set(read_rows(session, table)), "both events are rows", 120
            )


def nothing_waits(cluster: SessionCluster, newest: datetime) -> None:
    """Flink says that all is acknowledged, and of when the newest event is."""
    eventually(
        lambda: (cluster.now().waiting, cluster.now().newest_record) == (0, newest),
        "every event is acknowledged, by Flink's metrics",
    )
    # Every `updatedAt` is in the past, and so is older than the record.
    updated = cluster.now().newest_update
    assert updated is not None
    assert updated < newest


def newest_moment(*topics: str) -> datetime:
    """Time of the newest record."""
    with open_kafka() as kafka:
        newest = max(record.timestamp for topic in topics for record in kafka.records(topic))
    return datetime.fromtimestamp(newest / 1000, UTC)


def send(topic: str, payloads: list[bytes], codec: str) -> None:
    """Send these in batches that the producer compresses."""
    options = {"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}", "linger.ms": 200}
    producer = Producer(options | {"compression.type": codec})
    for payload in payloads:
        producer.produce(topic, payload)
    assert producer.flush(60) == 0


def send_rejected(topic: str) -> None:
    """An event that is not JSON, with key and headers, uncompressed larger than the topic takes."""
    options = {"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}", "message.max.bytes": 64 << 20}
    producer = Producer(options | {"compression.type": "zstd"})
    producer.produce(topic, LARGE, b"key", headers={"trace": b"7"})
    assert producer.flush(60) == 0


def make_dead_letter_topic(name: str) -> None:
    """As somebody else would: with the broker's limit and the broker's retention."""
    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}"})
    admin.create_topics([NewTopic(name, num_partitions=1)])[name].result(30)


def header_items(topic: str, key: bytes) -> list[tuple[str, bytes]]:
    """The headers of the records of this key."""
    group = {"group.id": "headers", "auto.offset.reset": "earliest", "enable.partition.eof": True}
    consumer = Consumer({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}"} | group)
    consumer.assign([TopicPartition(topic, 0, 0)])
    found: list[tuple[str, bytes]] = []
    try:
        while (message := consumer.poll(30)) is not None and message.error() is None:
            if message.key() == key:
                found += message.headers() or []
    finally:
        consumer.close()
    return found


def more_partitions(topic: str, count: int) -> None:
    """The topic gets more, while the job runs."""
    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}"})
    admin.create_partitions([NewPartitions(topic, count)])[topic].result(30)
