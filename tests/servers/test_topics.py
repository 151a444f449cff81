"""What the job does to Kafka before it starts: topics checked, the group's start set."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import yaml
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic
from typer.testing import CliRunner

from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.demo.world import Kafka, open_kafka
from program_user_info_job.cli.main import app
from program_user_info_job.config import model
from program_user_info_job.kafka.produce import ProduceError, send
from program_user_info_job.kafka.record_sizes import PLACES, sample_sizes
from program_user_info_job.kafka.replay import Replay, replay
from program_user_info_job.kafka.topics import KafkaNotReady, prepare_topics
from tests.configuration import DOCUMENT

pytestmark = pytest.mark.cluster
LARGE = {"message.max.bytes": "100000000"}
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


@pytest.mark.parametrize("start", ["earliest", "latest", "future"])
def test_the_start_is_committed_before_the_job_runs(configure: Configure, start: str) -> None:
    send(configure(), [b"{}"] * 50)
    setting = "2999-01-01T00:00:00Z" if start == "future" else start
    config = configure(startingOffsets=setting)
    prepare(config)
    assert sum(committed(config)) == (0 if start == "earliest" else 50)


def test_a_time_starts_at_the_first_record_from_then_on(configure: Configure) -> None:
    send(configure(), [b"{}"] * 20)
    yesterday = datetime(2020, 1, 1, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    config = configure(startingOffsets=yesterday)
    prepare(config)
    assert sum(offset for offset in committed(config) if offset > 0) == 0


def test_a_group_that_has_offsets_keeps_them_unless_told_to_rewind(configure: Configure) -> None:
    send(configure(), [b"{}"] * 50)
    prepare(configure(startingOffsets="latest"))
    send(configure(), [b"{}"] * 50)
    config = configure(startingOffsets="latest")
    prepare(config)
    assert sum(committed(config)) == 50
    prepare(configure(startingOffsets="earliest"))
    assert sum(committed(config)) == 0


def test_earliest_rewinds_once_for_each_time_that_it_is_asked_for(configure: Configure) -> None:
    send(configure(), [b"{}"] * 50)
    earliest, latest = (configure(startingOffsets=start) for start in ("earliest", "latest"))
    prepare(earliest)
    assert sum(committed(earliest)) == 0
    read_everything(earliest)
    prepare(earliest)  # the JobManager has restarted
    assert sum(committed(earliest)) == 50
    prepare(earliest, table="another")
    assert sum(committed(earliest)) == 0
    read_everything(earliest)
    prepare(latest)
    assert sum(committed(earliest)) == 50
    prepare(earliest, table="another")
    assert sum(committed(earliest)) == 0


def read_everything(config: model.Kafka) -> None:
    """Commit the end of each partition, as Flink does, without any metadata."""
    consumer = Consumer(
        {"bootstrap.servers": config.bootstrap_servers[0], "group.id": config.group_id}
    )
    try:
        places = [TopicPartition(config.topic, number) for number in range(4)]
        for place in places:
            place.offset = consumer.get_watermark_offsets(place, timeout=30)[1]
        consumer.commit(offsets=places, asynchronous=False)
    finally:
        consumer.close()


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
