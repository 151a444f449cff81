"""Where the group starts to read, committed before the pipeline runs.

Started from committed offsets only, a restart before the first checkpoint neither skips nor forgets
events, whatever the setting. A start is decided once for each topic: partitions that the topic gets
later are read from their beginning. Which start a group has had is kept as the metadata of offsets
of a second group, `<group>-start`, which nobody reads by: Flink's commits overwrite what is kept
beside the group's own offsets. Kafka forgets offsets that nobody commits for a week
(`offsets.retention.minutes`), so the write stage commits those again now and then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Set
from datetime import datetime

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from program_user_info_job.config.model import Config
from program_user_info_job.kafka.client_properties import librdkafka_properties

_TIMEOUT = 30.0

log = structlog.get_logger(__name__)


def set_start(config: Config, partitions: list[TopicPartition]) -> None:
    """Commit the start of partitions on which the group has no offset yet.

    It is the configured one for a topic that the group has not read before, else the partition's
    beginning. `earliest` also rewinds a group that has offsets, once for each topics, table and
    start: a restart of the JobManager does not read the topic again. Raises `KafkaException`.
    """
    kafka = config.kafka
    noted = _noted_starts(config)
    rewinds = kafka.starting_offsets == "earliest" and noted.get(kafka.topic) != _start_id(config)
    consumer = _consumer(config, kafka.group_id)
    try:
        committed = consumer.committed(partitions, timeout=_TIMEOUT)
        known = noted.keys() | {each.topic for each in committed if each.offset >= 0}
        wanted = [each for each in committed if rewinds or each.offset < 0]
        if wanted and kafka.starting_offsets != "committed":
            offsets = _starts(consumer, wanted, kafka.starting_offsets, known)
            consumer.commit(offsets=offsets, asynchronous=False)
            log.info("start of the group set", group=kafka.group_id, partitions=len(wanted))
    finally:
        consumer.close()
    note_start(config)


def note_start(config: Config) -> None:
    """Note that the group has had this start. Where that is not possible, only warn."""
    consumer = _consumer(config, _marker_group(config))
    try:
        start = _start_id(config)
        markers = [TopicPartition(topic, 0, 0, start) for topic in config.kafka.topics]
        consumer.commit(offsets=markers, asynchronous=False)
    except KafkaException as error:
        if config.kafka.starting_offsets == "earliest":
            log.warning(
                "the start of the group cannot be noted, so each restart reads the topic again:"
                " allow the user to read as this group",
                group=_marker_group(config),
                error=error.args[0].name(),
            )
    finally:
        consumer.close()


def _noted_starts(config: Config) -> dict[str, str]:
    """The newest start of the group on each topic; without those that it has not read."""
    consumer = _consumer(config, _marker_group(config))
    try:
        markers = [TopicPartition(topic, 0) for topic in config.kafka.topics]
        found = consumer.committed(markers, timeout=_TIMEOUT)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
            return {}
        raise
    finally:
        consumer.close()
    return {each.topic: each.metadata for each in found if each.offset >= 0}


def _start_id(config: Config) -> str:
    """Identifies a start that was asked for: these topics, read from there, into this table."""
    kafka, cassandra = config.kafka, config.cassandra
    start = [*kafka.topics, kafka.starting_offsets, cassandra.keyspace, cassandra.table]
    return hashlib.sha256("\0".join(start).encode()).hexdigest()[:16]


def _marker_group(config: Config) -> str:
    return f"{config.kafka.group_id}-start"


def _consumer(config: Config, group: str) -> Consumer:
    own = {"group.id": group, "enable.auto.commit": "false"}
    return Consumer(librdkafka_properties(config.kafka) | own)


def _starts(
    consumer: Consumer, wanted: list[TopicPartition], start: str, known: Set[str]
) -> list[TopicPartition]:
    """The beginning of partitions of known topics, the configured start of the others."""
    added = [each for each in wanted if each.topic in known]
    first = [each for each in wanted if each.topic not in known]
    return [*_resolve(consumer, added, "earliest"), *_resolve(consumer, first, start)]


def _resolve(consumer: Consumer, wanted: list[TopicPartition], start: str) -> list[TopicPartition]:
    found: dict[tuple[str, int], int] = {}
    if wanted and start not in ("earliest", "latest"):
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
