"""What the job does to Kafka before it starts: topics checked, the group's start set."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition

from dev.demo.world import KAFKA_PORT, Kafka, open_kafka
from program_user_info_job.cli.produce import ProduceError, send
from program_user_info_job.config import model
from program_user_info_job.pipeline.topics import KafkaNotReady, prepare_topics

pytestmark = pytest.mark.cluster
Configure = Callable[..., model.Kafka]


@pytest.fixture(scope="module")
def kafka() -> Iterator[Kafka]:
    with open_kafka() as opened:
        yield opened


@pytest.fixture
def configure(kafka: Kafka) -> Iterator[Configure]:
    """A configuration of a topic of one's own, which is there and empty."""
    topic = f"integration.{uuid.uuid4().hex[:8]}"
    kafka.recreate(topic)

    def build(**fields: object) -> model.Kafka:
        document = {
            "bootstrapServers": [f"127.0.0.1:{KAFKA_PORT}"],
            "topic": topic,
            "groupId": f"{topic}-group",
            "deadLetterTopic": f"{topic}.failed",
        }
        return msgspec.convert(document | fields, model.Kafka)

    yield build
    kafka.delete(topic, f"{topic}.failed")


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


def test_the_dead_letter_topic_is_created(kafka: Kafka, configure: Configure) -> None:
    config = configure()
    prepare_topics(config)
    prepare_topics(config)
    assert kafka.dead_letters(config.dead_letter_topic) == []
    assert all(offset < 0 for offset in committed(config))


def test_events_are_sent_as_they_stand(kafka: Kafka, configure: Configure) -> None:
    config = configure()
    payloads = [b'{"a": 1}', b"", b"\xff\xfe", b"x" * 900_000]
    assert send(config, payloads) == 4
    found = sorted(record.payload or b"" for record in kafka.records(config.topic))
    assert found == sorted(payloads)


def test_too_large_an_event_is_reported_with_its_number(configure: Configure) -> None:
    with pytest.raises(ProduceError, match="event 2: "):
        send(configure(), [b"{}", b"x" * 2_000_000])


@pytest.mark.parametrize("start", ["earliest", "latest", "future"])
def test_the_start_is_committed_before_the_job_runs(configure: Configure, start: str) -> None:
    send(configure(), [b"{}"] * 50)
    setting = "2999-01-01T00:00:00Z" if start == "future" else start
    config = configure(startingOffsets=setting)
    prepare_topics(config)
    assert sum(committed(config)) == (0 if start == "earliest" else 50)


def test_a_time_starts_at_the_first_record_from_then_on(configure: Configure) -> None:
    send(configure(), [b"{}"] * 20)
    yesterday = datetime(2020, 1, 1, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    config = configure(startingOffsets=yesterday)
    prepare_topics(config)
    assert sum(offset for offset in committed(config) if offset > 0) == 0


def test_a_group_that_has_offsets_keeps_them_unless_told_to_rewind(configure: Configure) -> None:
    send(configure(), [b"{}"] * 50)
    prepare_topics(configure(startingOffsets="latest"))
    send(configure(), [b"{}"] * 50)
    config = configure(startingOffsets="latest")
    prepare_topics(config)
    assert sum(committed(config)) == 50
    prepare_topics(configure(startingOffsets="earliest"))
    assert sum(committed(config)) == 0


def test_a_missing_topic_is_named_with_what_to_do(configure: Configure) -> None:
    config = msgspec.structs.replace(configure(), topic="integration.none")
    with pytest.raises(KafkaNotReady, match=r"kafka\.topic: integration\.none .* create it"):
        prepare_topics(config)


def test_brokers_that_do_not_answer_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("program_user_info_job.pipeline.topics._TIMEOUT", 2.0)
    document = {
        "bootstrapServers": ["127.0.0.1:1"],
        "topic": "t",
        "groupId": "g",
        "deadLetterTopic": "t.failed",
    }
    with pytest.raises(KafkaNotReady, match=r"kafka\.bootstrapServers: no answer from 127"):
        prepare_topics(msgspec.convert(document, model.Kafka))
