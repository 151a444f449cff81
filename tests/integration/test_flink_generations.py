"""The same job on both Flink generations, by `flink run --python` on a session cluster."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from dev.demo.events import demo_events
from dev.demo.run import compare
from dev.demo.world import KAFKA_PORT, NAMESPACE, PARTITIONS, open_cassandra, open_kafka, read_rows
from dev.forward import port_forward
from tests.cluster import eventually
from tests.configuration import document, write
from tests.integration.session_cluster import GENERATIONS, Flink, session_cluster

pytestmark = pytest.mark.cluster


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
        producer = Producer({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}"})
        for event in events:
            producer.produce(topic, event.payload)
        assert producer.flush(60) == 0
        kafka_section = {
            "bootstrapServers": [f"127.0.0.1:{KAFKA_PORT}"],
            "topic": topic,
            "groupId": flink.name,
            "deadLetterTopic": f"{topic}.failed",
            "additionalTopics": [f"{topic}.more"],
        }
        flink_section = {"checkpointInterval": 2000, "partitionDiscovery": 1000}
        address = f"127.0.0.1:{cassandra}"
        parts = document(address, name, kafka=kafka_section, flink=flink_section)
        cluster.submit(write(tmp_path / "job.yaml", parts))
        kafka.wait_for_commit(topic, flink.name)
        with open_cassandra() as session:
            found = read_rows(session, f"{name}.program_enrollment")
        rejected = {event.payload: event.reason for event in events if event.reason}
        assert len(found) > 500
        assert compare(kafka, rejected, found, topic).problems == []
        assert "write stage connected to Cassandra" in cluster.logs()
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


def more_partitions(topic: str, count: int) -> None:
    """The topic gets more, while the job runs."""
    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}"})
    admin.create_partitions([NewPartitions(topic, count)])[topic].result(30)
