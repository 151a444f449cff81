"""`spec.kafka`: bounds, defaults, and what the API server refuses by rules of its own."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from program_user_info_operator.api.kafka_section import Kafka, KafkaSecurity
from tests.unit.operator.sections import refused, rules

GIVEN: dict[str, Any] = {
    "bootstrapServers": ["kafka:9092"],
    "topic": "t",
    "groupId": "g",
    "deadLetterTopic": "t.failed",
}


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (
            {"bootstrapServers": ["kafka"]},
            "bootstrapServers[0]: must be host:port, such as kafka:9092",
        ),
        (
            {"bootstrapServers": ["k:1"] * 17},
            "bootstrapServers: must have at most 16 entries",
        ),
        ({"additionalTopics": ["t"] * 17}, "additionalTopics: must have at most 16 entries"),
        (
            {"additionalTopics": ["a", "b c"]},
            (
                "additionalTopics[1]: must be a Kafka topic name: letters, digits, dots, dashes and"
                " underscores only"
            ),
        ),
        ({"partitionDiscovery": "1"}, "partitionDiscovery: must be a duration such as 500ms, 10s"),
        (
            {"security": {"protocol": "TLS"}},
            "security.protocol: must be 'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT' or 'SASL_SSL'",
        ),
        (
            {"security": {"saslMechanism": "GSSAPI"}},
            "security.saslMechanism: must be 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512' or",
        ),
        (
            {"clientOptions": {"linger.ms": "x" * 1025}},
            "clientOptions.linger.ms: must have at most 1024 characters",
        ),
        (
            {"clientOptions": {"linger.ms": 5}},
            "clientOptions.linger.ms: must be a string, not a number",
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_is_right(fields: dict[str, Any], line: str) -> None:
    (said,) = refused(Kafka, GIVEN | fields)
    assert said.startswith(line)


@pytest.mark.parametrize("missing", GIVEN)
def test_what_only_a_merge_can_tell_has_no_default(missing: str) -> None:
    """The topic, group and dead letters follow from the environment, which is not in here."""
    given = {name: value for name, value in GIVEN.items() if name != missing}
    assert refused(Kafka, given) == [f"{missing}: Field required"]


def test_options_that_could_lose_events_are_named_in_order_with_those_that_may_be_set() -> None:
    options = {"linger.ms": "5", "isolation.level": "x", "enable.auto.commit": "true"}
    (line,) = refused(Kafka, GIVEN | {"clientOptions": options})
    assert line.startswith(
        "clientOptions: enable.auto.commit, isolation.level cannot be set; remove it, or use the"
        " field of spec if there is one. Allowed are batch.size, "
    )


def test_by_default_a_group_goes_on_where_it_was_without_security() -> None:
    kafka = Kafka.model_validate(GIVEN)
    assert kafka.starting_offsets == "committed"
    assert kafka.additional_topics == []
    assert kafka.client_options == {}
    assert kafka.security == KafkaSecurity()
    assert (kafka.security.protocol, kafka.security.verify_host_names) == ("PLAINTEXT", True)


@pytest.mark.parametrize(
    ("section", "messages"),
    [
        (
            KafkaSecurity,
            [
                "saslMechanism needs protocol SASL_PLAINTEXT or SASL_SSL",
                "tokenEndpoint needs saslMechanism OAUTHBEARER",
            ],
        ),
        (Kafka, ["deadLetterTopic must not be one of the topics that the job reads"]),
    ],
)
def test_the_api_server_checks_fields_against_each_other(
    section: type[BaseModel], messages: list[str]
) -> None:
    """Only what is true whatever a profile adds."""
    assert rules(section) == messages
