"""What must be true of Kafka before the pipeline starts: topics there, the group's start set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

from program_user_info_job.config.kafka_client import librdkafka_properties
from program_user_info_job.config.model import Kafka
from program_user_info_job.failure import FailureReason, JobFailure

_TIMEOUT = 30.0
# Room for what a dead letter carries beyond its event, in bytes.
_HEADERS = 64 << 10

log = structlog.get_logger(__name__)


class KafkaNotReady(JobFailure):
    """Kafka cannot be used as configured; the message names the field and what to do."""


def prepare_topics(kafka: Kafka) -> None:
    """Check the input topics, create the dead-letter topic if missing, set the group's start.

    Raises `KafkaNotReady`.
    """
    properties = librdkafka_properties(kafka)
    errors: list[KafkaError] = []
    admin = AdminClient(properties | {"error_cb": errors.append})
    partitions = _partitions(admin, kafka, errors)
    log.info("connected to Kafka", topics=kafka.topics, partitions=len(partitions))
    _ensure_dead_letter_topic(admin, kafka)
    _set_start(kafka, properties, partitions)


def _partitions(
    admin: AdminClient, kafka: Kafka, errors: Sequence[KafkaError]
) -> list[TopicPartition]:
    try:
        topics = [admin.list_topics(name, timeout=_TIMEOUT).topics[name] for name in kafka.topics]
    except KafkaException as error:
        admin.poll(0)  # only now does librdkafka tell its errors
        raise _no_answer(kafka, error.args[0], errors) from error
    for topic in topics:
        if topic.error is not None:
            field = "topic" if topic.topic == kafka.topic else "additionalTopics"
            raise KafkaNotReady(
                FailureReason.KAFKA_NOT_READY,
                f"kafka.{field}: {topic.topic} cannot be read ({topic.error.str()}); create it, or"
                " correct its name",
            )
    return [TopicPartition(topic.topic, each) for topic in topics for each in topic.partitions]


def _no_answer(kafka: Kafka, error: KafkaError, reported: Sequence[KafkaError]) -> KafkaNotReady:
    servers = ", ".join(kafka.bootstrap_servers)
    # librdkafka goes on trying after a refusal, and tells of it by the way only.
    if any(each.code() == KafkaError._AUTHENTICATION for each in reported):  # noqa: SLF001
        return KafkaNotReady(
            FailureReason.KAFKA_REFUSED,
            f"kafka.security: {servers} refuses the credentials; correct username and password in"
            " the Secret, or saslMechanism",
        )
    return KafkaNotReady(
        FailureReason.KAFKA_UNREACHABLE,
        f"kafka.bootstrapServers: no answer from {servers} ({error.str()}); check the address, the"
        " network policy and kafka.security",
    )


def _ensure_dead_letter_topic(admin: AdminClient, kafka: Kafka) -> None:
    name = kafka.dead_letter_topic
    if name in admin.list_topics(timeout=_TIMEOUT).topics:
        return
    try:
        largest = max(_largest_message(admin, each) for each in kafka.topics)
        limit = {"max.message.bytes": str(largest + _HEADERS)}
        topic = NewTopic(name, num_partitions=1, config=limit)
        admin.create_topics([topic])[name].result(_TIMEOUT)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise KafkaNotReady(
                FailureReason.KAFKA_NOT_READY,
                f"kafka.deadLetterTopic: {name} does not exist and cannot be created"
                f" ({error.args[0].str()}); create it, or allow the job to",
            ) from error
    else:
        log.info("dead-letter topic created", topic=name)


def _largest_message(admin: AdminClient, topic: str) -> int:
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    entries = admin.describe_configs([resource])[resource].result(_TIMEOUT)
    return int(entries["max.message.bytes"].value)


def _set_start(kafka: Kafka, properties: dict[str, str], partitions: list[TopicPartition]) -> None:
    """Commit the configured start for partitions on which the group has no offset yet.

    Started from committed offsets only, a restart before the first checkpoint neither skips nor
    forgets events, whatever the setting. `earliest` alone rewinds a group that has offsets.
    """
    start = kafka.starting_offsets
    if start == "committed":
        return
    consumer = Consumer(properties | {"group.id": kafka.group_id, "enable.auto.commit": "false"})
    try:
        wanted = partitions
        if start != "earliest":
            committed = consumer.committed(wanted, timeout=_TIMEOUT)
            wanted = [each for each in committed if each.offset < 0]
        if wanted:
            consumer.commit(offsets=_resolve(consumer, wanted, start), asynchronous=False)
            log.info("start of the group set", group=kafka.group_id, partitions=len(wanted))
    finally:
        consumer.close()


def _resolve(consumer: Consumer, wanted: list[TopicPartition], start: str) -> list[TopicPartition]:
    found: dict[tuple[str, int], int] = {}
    if start not in ("earliest", "latest"):
        millis = round(datetime.fromisoformat(start).timestamp() * 1000)
        asked = [TopicPartition(each.topic, each.partition, millis) for each in wanted]
        found = {
            (each.topic, each.partition): each.offset
            for each in consumer.offsets_for_times(asked, timeout=_TIMEOUT)
            if each.offset >= 0
        }
    resolved = []
    for each in wanted:
        low, high = consumer.get_watermark_offsets(each, timeout=_TIMEOUT)
        # No record at or after the time asked for: whatever comes next is the first.
        offset = low if start == "earliest" else found.get((each.topic, each.partition), high)
        resolved.append(TopicPartition(each.topic, each.partition, offset))
    return resolved
