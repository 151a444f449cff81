"""Dead letters are counted, and sent back as they came."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import yaml
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from typer.testing import CliRunner

from dev.cluster.demo.world import Kafka
from program_user_info_job.cli.main import app
from program_user_info_job.config import model
from program_user_info_job.kafka.replay import Replay, replay
from tests.configuration import DOCUMENT
from tests.servers.topics import Configure, prepare

pytestmark = pytest.mark.cluster
LARGE = {"message.max.bytes": "100000000"}


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
    prepare(config)
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
    prepare(config)
    for offset, source in enumerate((topic, f"{topic}.more", "of-old")):
        dead_letter(config, offset, "INVALID_JSON", 1, source)
    assert replay(config, Replay()).total() == 3
    assert [each.payload for each in kafka.records(f"{topic}.more")] == [b"event 1"]
    kafka.delete(f"{topic}.more")


def run(config: model.Kafka, folder: Path, *arguments: str) -> tuple[str, str]:
    """A command of the job; what it printed on both streams."""
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(DOCUMENT | {"kafka": msgspec.to_builtins(config)}))
    command, *options = arguments
    result = CliRunner().invoke(app, [command, "--config", str(file), *options])
    assert result.exit_code == 0, result.stderr
    return result.stdout, result.stderr


def payloads(kafka: Kafka, topic: str) -> list[bytes]:
    return [record.payload or b"" for record in kafka.records(topic)]


def test_replay_continues_where_it_ended(
    kafka: Kafka, configure: Configure, tmp_path: Path
) -> None:
    config = configure()
    prepare(config)
    for offset in (1, 2, 3):
        dead_letter(config, offset, "INVALID_JSON", day=offset)
    run(config, tmp_path, "replay", "--limit", "2")
    assert sorted(payloads(kafka, config.topic)) == [b"event 1", b"event 2"]
    run(config, tmp_path, "replay", "--dry-run")
    run(config, tmp_path, "replay", "--reason", "INVALID_JSON", "--since", "2023-01-04")
    _, said = run(config, tmp_path, "replay")
    assert said.startswith("1 events sent")
    _, said = run(config, tmp_path, "replay")
    assert said.startswith("0 events sent")
    other = f"{config.topic}.more"
    kafka.recreate(other)
    run(config, tmp_path, "replay", "--all", "--to", other)
    assert sorted(payloads(kafka, other)) == [b"event 1", b"event 2", b"event 3"]
    kafka.delete(other)


def test_an_event_that_was_rejected_twice_counts_once(
    kafka: Kafka, configure: Configure, tmp_path: Path
) -> None:
    """Two revisions side by side, and a job that restarts, write a dead letter again."""
    config = configure()
    prepare(config)
    for offset in (1, 2, 1):
        dead_letter(config, offset, "INVALID_JSON", day=1)
    out, said = run(config, tmp_path, "dead-letters")
    assert out == f"INVALID_JSON {config.topic} 2023-01-01 2\n"
    assert said == f"2 events in {config.dead_letter_topic}, 1 of its records are repetitions\n"
    out, _ = run(config, tmp_path, "dead-letters", "--peek", "5")
    assert len(out.splitlines()) == 2
    run(config, tmp_path, "replay")
    # The other revision's comes after the position that was kept.
    for offset in (2, 3):
        dead_letter(config, offset, "INVALID_JSON", day=1)
    _, said = run(config, tmp_path, "replay")
    assert said.startswith("1 events sent")
    assert sorted(payloads(kafka, config.topic)) == [b"event 1", b"event 2", b"event 3"]


def test_records_without_a_source_are_events_of_their_own(
    kafka: Kafka, configure: Configure, tmp_path: Path
) -> None:
    config = configure()
    prepare(config)
    producer = Producer({"bootstrap.servers": config.bootstrap_servers[0]})
    for payload in (b"a", b"b"):
        producer.produce(config.dead_letter_topic, payload, headers=[("reason", b"TOO_LARGE")])
    assert producer.flush(30) == 0
    run(config, tmp_path, "replay")
    assert sorted(payloads(kafka, config.topic)) == [b"a", b"b"]


def test_replay_ends_where_retention_has_trimmed_the_topic(
    kafka: Kafka, configure: Configure, tmp_path: Path
) -> None:
    config = configure()
    prepare(config)
    for offset in (1, 2, 3):
        dead_letter(config, offset, "INVALID_JSON", day=1)
    admin = AdminClient({"bootstrap.servers": config.bootstrap_servers[0]})
    place = TopicPartition(config.dead_letter_topic, 0, 2)
    admin.delete_records([place])[place].result(30)
    run(config, tmp_path, "replay")
    assert payloads(kafka, config.topic) == [b"event 3"]


def test_an_event_comes_back_as_it_was(configure: Configure, tmp_path: Path) -> None:
    config = configure()
    prepare(config)
    producer = Producer({"bootstrap.servers": config.bootstrap_servers[0]} | LARGE)
    own = {"trace": b"7", "reason": b"TOO_LARGE", "detail": b"-", "source-topic": b"t"}
    payload = b"x" * (2 << 20)
    producer.produce(config.dead_letter_topic, payload, b"key", headers=list(own.items()))
    assert producer.flush(30) == 0
    run(config, tmp_path, "replay")
    consumer = Consumer(
        {"bootstrap.servers": config.bootstrap_servers[0], "group.id": "r"}
        | {"auto.offset.reset": "earliest"}
    )
    consumer.subscribe([config.topic])
    try:
        (found,) = consumer.consume(1, 30)
    finally:
        consumer.close()
    assert (found.key(), found.value(), found.headers()) == (b"key", payload, [("trace", b"7")])


def test_dead_letters_are_counted_and_never_shown(configure: Configure, tmp_path: Path) -> None:
    config = configure()
    prepare(config)
    for offset, reason in ((1, "INVALID_JSON"), (2, "TOO_LARGE"), (3, "INVALID_JSON")):
        dead_letter(config, offset, reason, day=1, source="s")
    out, said = run(config, tmp_path, "dead-letters")
    assert out == "INVALID_JSON s 2023-01-01 2\nTOO_LARGE s 2023-01-01 1\n"
    assert said == f"3 events in {config.dead_letter_topic}\n"
    out, _ = run(config, tmp_path, "dead-letters", "--peek", "2")
    assert out == (
        "s/0/1 2023-01-01T00:00:00+00:00 INVALID_JSON -\n"
        "s/0/2 2023-01-01T00:00:00+00:00 TOO_LARGE -\n"
    )


def test_a_missing_dead_letter_topic_is_named(configure: Configure, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(DOCUMENT | {"kafka": msgspec.to_builtins(configure())}))
    result = CliRunner().invoke(app, ["replay", "--config", str(file)])
    assert result.exit_code == 1
    assert "kafka.deadLetterTopic: " in result.stderr
