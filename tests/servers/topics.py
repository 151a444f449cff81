"""What the tests of the job's topics share: its first steps, and what the group has committed."""

from __future__ import annotations

from collections.abc import Callable

from confluent_kafka import Consumer, TopicPartition

from program_user_info_job.config import model
from program_user_info_job.kafka.topics import prepare_topics

Configure = Callable[..., model.Kafka]


def prepare(kafka: model.Kafka, table: str = "table") -> None:
    """What `run` does first, for rows that go to this table."""
    cassandra = model.Cassandra(contact_points=["c:1"], local_datacenter="dc", table=table)
    prepare_topics(model.Config(environment="test", kafka=kafka, cassandra=cassandra))


def committed(config: model.Kafka) -> list[int]:
    """The group's offsets, negative where it has none."""
    consumer = Consumer(
        {"bootstrap.servers": config.bootstrap_servers[0], "group.id": config.group_id}
    )
    try:
        partitions = [TopicPartition(config.topic, number) for number in range(4)]
        return [each.offset for each in consumer.committed(partitions, timeout=30)]
    finally:
        consumer.close()
