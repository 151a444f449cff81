"""The dead-letter topic: it exists, and can keep every event of the input topics without limit."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewTopic,
)

from program_user_info_job.config.model import Kafka
from program_user_info_job.failure import FailureReason, JobFailure

LARGEST_DEAD_LETTER = 32 << 20
"""Bytes. Whatever the input topic took must fit: a dead letter that does not would stop the job."""
_TIMEOUT = 30.0
# Room for what a dead letter carries beyond its event, in bytes.
_HEADERS = 64 << 10
_SETTINGS = {
    # A broker counts compressed bytes: an event of some MiB may come from a topic of 1 MiB.
    "max.message.bytes": str(LARGEST_DEAD_LETTER + _HEADERS),
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
}

log = structlog.get_logger(__name__)


class DeadLetterTopicNotReady(JobFailure):
    """A dead letter might be refused or lost; the message says what to change."""


def ensure_dead_letter_topic(admin: AdminClient, kafka: Kafka) -> None:
    """Create the topic, or adjust the one that is there. Raises `DeadLetterTopicNotReady`."""
    name = kafka.dead_letter_topic
    if name not in admin.list_topics(timeout=_TIMEOUT).topics and _create(admin, name):
        return
    try:
        largest = max(
            int(_entries(admin, each)["max.message.bytes"].value) for each in kafka.topics
        )
        entries = _entries(admin, name)
    except KafkaException as error:
        log.warning(
            "the dead-letter topic's settings cannot be read, so they are not checked",
            topic=name,
            error=error.args[0].name(),
        )
        return
    changes = wanted_changes(entries)
    if changes and not _alter(admin, name, changes):
        problem = what_is_refused(entries, largest)
        if problem:
            raise DeadLetterTopicNotReady(
                FailureReason.KAFKA_NOT_READY,
                f"kafka.deadLetterTopic: {name} {problem}, or allow the job to alter it",
            )


def wanted_changes(entries: Mapping[str, ConfigEntry]) -> dict[str, str]:
    """Settings to alter. How long dead letters are kept is the topic's own choice, if it made one.

    The broker's defaults are meant for events: they may delete or compact rejected ones.
    """
    changes = {}
    if int(entries["max.message.bytes"].value) < int(_SETTINGS["max.message.bytes"]):
        changes["max.message.bytes"] = _SETTINGS["max.message.bytes"]
    if "compact" in entries["cleanup.policy"].value:
        changes["cleanup.policy"] = _SETTINGS["cleanup.policy"]
    for name in ("retention.ms", "retention.bytes"):
        chosen = entries[name].source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value
        if not chosen and entries[name].value != _SETTINGS[name]:
            changes[name] = _SETTINGS[name]
    return changes


def what_is_refused(entries: Mapping[str, ConfigEntry], largest_input: int) -> str | None:
    """Which dead letters a topic as it is would refuse, and what to set instead."""
    if "compact" in entries["cleanup.policy"].value:
        return "is compacted and takes no record without a key; set its cleanup.policy to delete"
    limit = int(entries["max.message.bytes"].value)
    if limit < largest_input + _HEADERS:
        return (
            f"takes messages of {limit} bytes and the input up to {largest_input}; set its"
            f" max.message.bytes to {_SETTINGS['max.message.bytes']}"
        )
    return None


def _create(admin: AdminClient, name: str) -> bool:
    """Whether it was created; false where somebody else just did."""
    try:
        topic = NewTopic(name, num_partitions=1, config=_SETTINGS)
        admin.create_topics([topic])[name].result(_TIMEOUT)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise DeadLetterTopicNotReady(
            FailureReason.KAFKA_NOT_READY,
            f"kafka.deadLetterTopic: {name} does not exist and cannot be created"
            f" ({error.args[0].str()}); create it, or allow the job to",
        ) from error
    log.info("dead-letter topic created", topic=name)
    return True


def _alter(admin: AdminClient, name: str, changes: Mapping[str, str]) -> bool:
    """Whether the topic has these settings now."""
    entries = [
        ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
        for key, value in changes.items()
    ]
    resource = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=entries)
    try:
        admin.incremental_alter_configs([resource])[resource].result(_TIMEOUT)
    except KafkaException as error:
        log.warning(
            "the dead-letter topic's settings cannot be changed",
            topic=name,
            settings=dict(changes),
            error=error.args[0].name(),
        )
        return False
    log.info("dead-letter topic altered", topic=name, settings=dict(changes))
    return True


def _entries(admin: AdminClient, topic: str) -> Mapping[str, ConfigEntry]:
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    found: Mapping[str, ConfigEntry] = admin.describe_configs([resource])[resource].result(_TIMEOUT)
    return found
