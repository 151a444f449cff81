"""What the job does to Kafka before it starts: topics checked, the group's start set."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import yaml
from confluent_kafka import Consumer, Producer, TopicPartition
from typer.testing import CliRunner

from dev.demo.world import KAFKA_PORT, Kafka, open_kafka
from program_user_info_job.cli.main import app
from program_user_info_job.cli.produce import ProduceError, send
from program_user_info_job.cli.replay import Selection, replay
from program_user_info_job.config import model
from program_user_info_job.event.rejection import Reason
from program_user_info_job.pipeline.topics import KafkaNotReady, prepare_topics
from tests.unit.job.test_config import DOCUMENT

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


def dead_letter(
    config: model.Kafka, offset: int, reason: str, day: int, source: str | None = None
) -> None:
    """A dead letter as the pipeline writes it."""
    producer = Producer({"bootstrap.servers": config.bootstrap_servers[0]})
    headers = {
        "reason": reason,
        "detail": "-",
        "source-topic": source or config.topic,
        "source-partition": "0",
        "source-offset": str(offset),
        "source-timestamp": f"2023-01-{day:02}T00:00:00.000Z",
    }
    payload = f"event {offset}".encode()
    producer.produce(config.dead_letter_topic, payload, headers=list(headers.items()))
    assert producer.flush(30) == 0


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ([], [1, 2, 3]),
        (["--reason", "INVALID_JSON"], [1, 3]),
        (["--reason", "INVALID_JSON", "--reason", "TOO_LARGE"], [1, 2, 3]),
        (["--since", "2023-01-02"], [2, 3]),
        (["--until", "2023-01-02"], [1]),
        (["--since", "2023-01-02T00:00:00", "--until", "2023-01-03"], [2]),
        (["--dry-run"], []),
    ],
)
def test_dead_letters_are_sent_back_once_each(
    kafka: Kafka, configure: Configure, tmp_path: Path, options: list[str], sent: list[int]
) -> None:
    config = configure()
    prepare_topics(config)
    for offset, reason in ((1, "INVALID_JSON"), (2, "TOO_LARGE"), (3, "INVALID_JSON")):
        dead_letter(config, offset, reason, day=offset)
    dead_letter(config, 3, "INVALID_JSON", day=3)
    file = tmp_path / "config.yaml"
    document = DOCUMENT | {"kafka": msgspec.to_builtins(config)}
    file.write_text(yaml.safe_dump(document))
    result = CliRunner().invoke(app, ["replay", "--config", str(file), *options])
    assert result.exit_code == 0, result.stderr
    found = kafka.records(config.topic)
    assert sorted(record.payload or b"" for record in found) == [
        f"event {offset}".encode() for offset in sent
    ]
    days = [datetime.fromtimestamp(record.timestamp / 1000, UTC).day for record in found]
    assert sorted(days) == sent
    if "--dry-run" in options:
        assert result.stdout == "INVALID_JSON 2\nTOO_LARGE 1\n"


def test_a_dead_letter_goes_back_to_the_topic_that_it_came_from(
    kafka: Kafka, configure: Configure
) -> None:
    topic = configure().topic
    config = configure(additionalTopics=[f"{topic}.more"])
    kafka.recreate(f"{topic}.more")
    prepare_topics(config)
    for offset, source in enumerate((topic, f"{topic}.more", "of-old")):
        dead_letter(config, offset, "INVALID_JSON", 1, source)
    everything = Selection(frozenset(Reason), None, None)
    assert replay(config, everything, dry_run=False).total() == 3
    assert [each.payload for each in kafka.records(f"{topic}.more")] == [b"event 1"]
    kafka.delete(f"{topic}.more")


def test_a_missing_dead_letter_topic_is_named(configure: Configure, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(DOCUMENT | {"kafka": msgspec.to_builtins(configure())}))
    result = CliRunner().invoke(app, ["replay", "--config", str(file)])
    assert result.exit_code == 1
    assert "kafka.deadLetterTopic: " in result.stderr


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


def test_a_missing_additional_topic_is_named_too(configure: Configure) -> None:
    config = configure(additionalTopics=["integration.none"])
    with pytest.raises(KafkaNotReady, match=r"kafka\.additionalTopics: integration\.none "):
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
