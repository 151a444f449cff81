"""The dead-letter topic takes whatever the input took, and drops nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import ConfigEntry, ConfigResource, ConfigSource, NewTopic
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from program_user_info_job.failure import FailureReason
from program_user_info_job.kafka.dead_letter_topic import (
    LARGEST_DEAD_LETTER,
    DeadLetterTopicNotReady,
    ensure_dead_letter_topic,
    wanted_changes,
    what_is_refused,
)
from tests.configuration import config

KAFKA = config().kafka
LIMIT = str(LARGEST_DEAD_LETTER + (64 << 10))
FIX = f"set its max.message.bytes to {LIMIT}"
WANTED = {
    "max.message.bytes": LIMIT,
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
}
OWN, BROKERS = ConfigSource.DYNAMIC_TOPIC_CONFIG, ConfigSource.DEFAULT_CONFIG
NO_RIGHT = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED, "no right")


def entries(source: ConfigSource = OWN, **settings: str) -> dict[str, ConfigEntry]:
    """A topic's settings: those that are wanted, but for these (`_` for a dot)."""
    values = WANTED | {name.replace("_", "."): value for name, value in settings.items()}
    # A broker's answer holds the number.
    return {name: ConfigEntry(name, value, source.value) for name, value in values.items()}


@pytest.mark.parametrize(
    ("found", "changes"),
    [
        (entries(), {}),
        (entries(max_message_bytes="1048588"), {"max.message.bytes": LIMIT}),
        (entries(max_message_bytes=str(int(LIMIT) - 1)), {"max.message.bytes": LIMIT}),
        (entries(max_message_bytes="1000000000"), {}),
        (entries(cleanup_policy="compact"), {"cleanup.policy": "delete"}),
        (entries(cleanup_policy="compact,delete"), {"cleanup.policy": "delete"}),
        # A topic's own choice stands, a broker's does not.
        (entries(retention_ms="604800000", retention_bytes="1"), {}),
        (entries(BROKERS, retention_ms="604800000"), {"retention.ms": "-1"}),
        (entries(BROKERS, retention_bytes="1"), {"retention.bytes": "-1"}),
        (entries(BROKERS), {}),
    ],
)
def test_what_is_changed_of_a_topic_that_is_there(
    found: Mapping[str, ConfigEntry], changes: dict[str, str]
) -> None:
    assert wanted_changes(found) == changes


@given(
    st.sampled_from([OWN, BROKERS]),
    st.integers(1, 1 << 40),
    st.sampled_from(["delete", "compact", "compact,delete"]),
    st.sampled_from(["-1", "604800000"]),
    st.integers(0, LARGEST_DEAD_LETTER),
)
def test_once_it_is_changed_nothing_is_to_be_changed_and_nothing_refused(
    source: ConfigSource, limit: int, policy: str, retention: str, largest: int
) -> None:
    found = entries(
        source, max_message_bytes=str(limit), cleanup_policy=policy, retention_ms=retention
    )
    changed = {name: ConfigEntry(name, value, 1) for name, value in wanted_changes(found).items()}
    assert wanted_changes(found | changed) == {}
    assert what_is_refused(found | changed, largest) is None


@pytest.mark.parametrize(
    ("found", "largest", "problem"),
    [
        (entries(), LARGEST_DEAD_LETTER, None),
        (entries(retention_ms="1"), 0, None),
        (
            entries(cleanup_policy="compact"),
            0,
            "is compacted and takes no record without a key; set its cleanup.policy to delete",
        ),
        (entries(max_message_bytes="100000"), 100_000 - (64 << 10), None),
        (
            entries(max_message_bytes="100000"),
            100_001 - (64 << 10),
            f"takes messages of 100000 bytes and the input up to 34465; {FIX}",
        ),
    ],
)
def test_what_a_topic_as_it_is_would_refuse(
    found: Mapping[str, ConfigEntry], largest: int, problem: str | None
) -> None:
    assert what_is_refused(found, largest) == problem


def answer(value: Any) -> Future[Any]:
    future: Future[Any] = Future()
    if isinstance(value, KafkaError):
        future.set_exception(KafkaException(value))
    else:
        future.set_result(value)
    return future


class Admin:
    """An admin client of topics by their settings; what is forbidden is refused with that error."""

    def __init__(self, topics: dict[str, dict[str, ConfigEntry]], **forbidden: KafkaError) -> None:
        self.topics, self._forbidden = topics, forbidden
        self.created: list[NewTopic] = []

    def list_topics(self, timeout: float) -> SimpleNamespace:
        return SimpleNamespace(topics=self.topics)

    def create_topics(self, topics: Iterable[NewTopic]) -> dict[str, Future[Any]]:
        self.created += topics
        return {each.topic: answer(self._forbidden.get("create")) for each in topics}

    def describe_configs(
        self, resources: Iterable[ConfigResource]
    ) -> dict[ConfigResource, Future[Any]]:
        return {
            each: answer(self._forbidden.get("describe", self.topics.get(each.name, entries())))
            for each in resources
        }

    def incremental_alter_configs(
        self, resources: Iterable[ConfigResource]
    ) -> dict[ConfigResource, Future[Any]]:
        refusal = self._forbidden.get("alter")
        for each in () if refusal else resources:
            changes = {entry.name: entry for entry in each.incremental_configs}
            self.topics[each.name] = self.topics[each.name] | changes
        return {each: answer(refusal) for each in resources}

    def settings(self, topic: str) -> dict[str, Any]:
        return {name: entry.value for name, entry in self.topics[topic].items()}


def test_a_topic_that_is_missing_is_created_as_it_is_wanted() -> None:
    admin = Admin({"t": entries()}, describe=NO_RIGHT)
    ensure_dead_letter_topic(admin, KAFKA)
    (topic,) = admin.created
    assert (topic.topic, topic.num_partitions, topic.config) == ("t.failed", 1, WANTED)


def test_a_topic_that_may_not_be_created_is_asked_for() -> None:
    admin = Admin({"t": entries()}, create=NO_RIGHT)
    with pytest.raises(DeadLetterTopicNotReady) as caught:
        ensure_dead_letter_topic(admin, KAFKA)
    assert caught.value.reason is FailureReason.KAFKA_NOT_READY
    assert caught.value.message == (
        "kafka.deadLetterTopic: t.failed does not exist and cannot be created (no right); create"
        " it, or allow the job to"
    )


def test_a_topic_that_somebody_else_just_created_is_taken() -> None:
    ensure_dead_letter_topic(
        Admin({"t": entries()}, create=KafkaError(KafkaError.TOPIC_ALREADY_EXISTS)), KAFKA
    )


def test_a_topic_that_is_there_is_altered() -> None:
    found = entries(max_message_bytes="1048588", cleanup_policy="compact", retention_ms="9")
    admin = Admin({"t": entries(), "t.failed": found})
    ensure_dead_letter_topic(admin, KAFKA)
    assert admin.created == []
    assert admin.settings("t.failed") == WANTED | {"retention.ms": "9"}


def test_settings_that_may_not_be_read_are_not_checked() -> None:
    admin = Admin({"t": entries(), "t.failed": entries()}, describe=NO_RIGHT)
    with capture_logs() as lines:
        ensure_dead_letter_topic(admin, KAFKA)
    assert [line["log_level"] for line in lines] == ["warning"]


def test_settings_that_may_not_be_altered_are_kept_where_they_refuse_nothing() -> None:
    found = entries(BROKERS, retention_ms="604800000")
    admin = Admin({"t": entries(max_message_bytes="1048588"), "t.failed": found}, alter=NO_RIGHT)
    with capture_logs() as lines:
        ensure_dead_letter_topic(admin, KAFKA)
    (line,) = lines
    assert line["settings"] == {"retention.ms": "-1"}


@pytest.mark.parametrize("inputs", [["t"], ["t", "more"]])
def test_of_all_inputs_the_largest_message_must_fit(inputs: list[str]) -> None:
    topics = dict.fromkeys(inputs, entries(max_message_bytes="1000"))
    topics[inputs[-1]] = entries(max_message_bytes="100000")
    topics["t.failed"] = entries(max_message_bytes="100000")
    with pytest.raises(DeadLetterTopicNotReady) as caught:
        ensure_dead_letter_topic(
            Admin(topics, alter=NO_RIGHT), config(additionalTopics=inputs[1:]).kafka
        )
    assert caught.value.message == (
        "kafka.deadLetterTopic: t.failed takes messages of 100000 bytes and the input up to"
        f" 100000; {FIX}, or allow the job to alter it"
    )
