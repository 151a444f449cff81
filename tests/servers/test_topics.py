"""The topics of a job before it starts: checked, created, sent to, their records' sizes sampled."""

from __future__ import annotations

import os

import msgspec
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

from dev.cluster.demo.world import Kafka
from program_user_info_job.config import model
from program_user_info_job.kafka.produce import ProduceError, send
from program_user_info_job.kafka.record_sizes import PLACES, sample_sizes
from program_user_info_job.kafka.topics import KafkaNotReady
from tests.servers.topics import Configure, committed, prepare

pytestmark = pytest.mark.cluster


def test_the_dead_letter_topic_is_created(kafka: Kafka, configure: Configure) -> None:
    config = configure()
    prepare(config)
    prepare(config)
    assert kafka.dead_letters(config.dead_letter_topic) == []
    assert all(offset < 0 for offset in committed(config))


def test_events_are_sent_as_they_stand(kafka: Kafka, configure: Configure) -> None:
    config = configure()
    payloads = [b'{"a": 1}', b"", b"\xff\xfe", b"x" * 900_000]
    assert send(config, payloads) == 4
    found = sorted(record.payload or b"" for record in kafka.records(config.topic))
    assert found == sorted(payloads)


def test_too_large_an_event_is_reported_with_its_number(configure: Configure) -> None:
    # The topic takes 8 MiB; these bytes do not compress.
    with pytest.raises(ProduceError, match="event 2: "):
        send(configure(), [b"{}", os.urandom(9 << 20)])


def settings(config: model.Kafka) -> dict[str, str]:
    """Those of the dead-letter topic."""
    admin = AdminClient({"bootstrap.servers": config.bootstrap_servers[0]})
    resource = ConfigResource(ConfigResource.Type.TOPIC, config.dead_letter_topic)
    entries = admin.describe_configs([resource])[resource].result(30)
    return {name: entry.value for name, entry in entries.items()}


def make_dead_letter_topic(config: model.Kafka, **options: str) -> None:
    admin = AdminClient({"bootstrap.servers": config.bootstrap_servers[0]})
    named = {name.replace("_", "."): value for name, value in options.items()}
    topic = NewTopic(config.dead_letter_topic, num_partitions=1, config=named)
    admin.create_topics([topic])[config.dead_letter_topic].result(30)


@pytest.mark.parametrize(
    ("options", "retention"),
    [
        (None, "-1"),
        ({}, "-1"),
        ({"retention_ms": "86400000"}, "86400000"),
        ({"cleanup_policy": "compact", "max_message_bytes": "1000"}, "-1"),
    ],
)
def test_the_dead_letter_topic_takes_and_keeps_whatever_is_rejected(
    configure: Configure, options: dict[str, str] | None, retention: str
) -> None:
    config = configure()
    if options is not None:
        make_dead_letter_topic(config, **options)
    prepare(config)
    found = settings(config)
    assert found["cleanup.policy"] == "delete"
    assert int(found["max.message.bytes"]) > 32 << 20
    assert found["retention.ms"] == retention


def test_a_missing_topic_is_named_with_what_to_do(configure: Configure) -> None:
    config = msgspec.structs.replace(configure(), topic="integration.none")
    with pytest.raises(KafkaNotReady, match=r"kafka\.topic: integration\.none .* create it"):
        prepare(config)


def test_a_missing_additional_topic_is_named_too(configure: Configure) -> None:
    config = configure(additionalTopics=["integration.none"])
    with pytest.raises(KafkaNotReady, match=r"kafka\.additionalTopics: integration\.none "):
        prepare(config)


@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_the_sizes_of_what_is_to_be_read_are_sampled(configure: Configure, codec: str) -> None:
    config = configure()
    server = config.bootstrap_servers[0]
    partitions = [TopicPartition(config.topic, number) for number in range(4)]
    assert sample_sizes(config, partitions) == []
    producer = Producer({"bootstrap.servers": server, "compression.type": codec})
    for size in [1_000] * 2_000 + [20_000] * 2_000:
        producer.produce(config.topic, os.urandom(size // 2).hex().encode(), partition=0)
    assert producer.flush(60) == 0
    sizes = sample_sizes(config, partitions)
    assert len(sizes) == PLACES
    assert {min(map(min, sizes)), max(map(max, sizes))} == {1_000, 20_000}
    consumer = Consumer({"bootstrap.servers": server, "group.id": config.group_id})
    consumer.commit(offsets=[TopicPartition(config.topic, 0, 4_000)], asynchronous=False)
    consumer.close()
    assert {size for place in sample_sizes(config, partitions) for size in place} == {20_000}
