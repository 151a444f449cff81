"""The options of Kafka's client that a job may set: none by which it could lose or skip events."""

from __future__ import annotations

import pytest

from program_user_info_operator.api.kafka_options import CLIENT_OPTIONS
from program_user_info_operator.api.kafka_section import Kafka


@pytest.mark.parametrize(
    "option",
    [
        # Where a group continues, and what it reads.
        *("group.id", "auto.offset.reset", "enable.auto.commit", "isolation.level"),
        *("allow.auto.create.topics", "partition.assignment.strategy", "client.id"),
        # Whether a dead letter is there once it was acknowledged.
        *("acks", "retries", "enable.idempotence", "transactional.id"),
        # What fields of the spec say, files of the pods, and code that would be loaded.
        *("bootstrap.servers", "security.protocol", "sasl.jaas.config", "sasl.mechanism"),
        *("ssl.keystore.location", "ssl.endpoint.identification.algorithm"),
        *("key.deserializer", "value.deserializer", "interceptor.classes", "metric.reporters"),
    ],
)
def test_an_option_that_could_lose_events_or_open_a_way_in_is_not_among_them(option: str) -> None:
    assert option not in CLIENT_OPTIONS


def test_they_are_listed_in_order_and_each_once() -> None:
    assert list(CLIENT_OPTIONS) == sorted(set(CLIENT_OPTIONS))


def test_each_of_them_is_taken_and_told_in_the_fields_description() -> None:
    given = {
        "bootstrapServers": ["kafka:9092"],
        "topic": "t",
        "groupId": "g",
        "deadLetterTopic": "f",
        "clientOptions": dict.fromkeys(CLIENT_OPTIONS, "1"),
    }
    assert Kafka.model_validate(given).client_options.keys() == set(CLIENT_OPTIONS)
    description = Kafka.model_fields["client_options"].description or ""
    assert all(f"`{option}`" in description for option in CLIENT_OPTIONS)
