"""CR over profile over default, field by field, and the sentences about what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.environments.profiles import InvalidProfile, parse_profile
from program_user_info_operator.environments.resolve import (
    Resolved,
    Source,
    Unresolved,
    resolve,
)

CR: dict[str, Any] = {
    "environment": "dev",
    "kafka": {"bootstrapServers": ["kafka:9092"]},
    "cassandra": {"contactPoints": ["cassandra:9042"]},
}


def with_fields(**fields: Any) -> dict[str, Any]:
    merged = dict(CR)
    for name, value in fields.items():
        old = merged.get(name)
        merged[name] = old | value if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def resolved(cr: dict[str, Any], profile: dict[str, Any] | None = None) -> Resolved:
    outcome = resolve(cr, profile)
    assert isinstance(outcome, Resolved), outcome
    return outcome


def unresolved(cr: dict[str, Any], profile: dict[str, Any] | None = None) -> Unresolved:
    outcome = resolve(cr, profile)
    assert isinstance(outcome, Unresolved), outcome
    return outcome


def test_defaults_follow_from_the_environment() -> None:
    kafka = resolved(CR).spec.kafka
    assert kafka.topic == "dev.programuser.info"
    assert kafka.group_id == "dev-programuser-group"
    assert kafka.dead_letter_topic == "dev.programuser.info.failed"
    assert resolved(CR).spec.cassandra.keyspace == "sunbird_programs"
    assert resolved(CR).spec.cassandra.table == "program_enrollment"


def test_the_dead_letter_topic_follows_the_topic() -> None:
    assert resolved(with_fields(kafka={"topic": "t"})).spec.kafka.dead_letter_topic == "t.failed"


@pytest.mark.parametrize(
    ("in_cr", "in_profile", "topic", "source"),
    [
        ("cr", "profile", "cr", Source.SPEC),
        (None, "profile", "profile", Source.PROFILE),
        ("cr", None, "cr", Source.SPEC),
        (None, None, "dev.programuser.info", Source.DEFAULT),
    ],
)
def test_the_cr_wins_over_the_profile_over_the_default(
    in_cr: str | None, in_profile: str | None, topic: str, source: Source
) -> None:
    outcome = resolved(with_fields(kafka={"topic": in_cr}), {"kafka": {"topic": in_profile}})
    assert outcome.spec.kafka.topic == topic
    assert outcome.sources["kafka.topic"] is source


def test_flink_options_merge_key_by_key_but_replication_as_a_whole() -> None:
    profile = {
        "flink": {"configuration": {"a": "profile", "b": "profile"}},
        "cassandra": {"schema": {"replication": {"class": "NetworkTopologyStrategy", "dc1": 3}}},
    }
    simple = {"class": "SimpleStrategy", "replication_factor": 2}
    cr = with_fields(
        flink={"configuration": {"b": "cr"}}, cassandra={"schema": {"replication": simple}}
    )
    spec = resolved(cr, profile).spec
    assert spec.flink.configuration == {"a": "profile", "b": "cr"}
    assert spec.cassandra.schema_.replication == simple


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kafka": {"topic": "a b"}}, "kafka.topic: must be a Kafka topic name"),
        (
            {"kafka": {"bootstrapServers": ["kafka"]}},
            "kafka.bootstrapServers[0]: must be host:port",
        ),
        (
            {"kafka": {"bootstrapServers": []}},
            "kafka.bootstrapServers: List should have at least 1",
        ),
        ({"kafka": {"startingOffsets": "first"}}, "kafka.startingOffsets: must be one of"),
        ({"kafka": {"deadLetterTopic": "dev.programuser.info"}}, "kafka.deadLetterTopic: must be"),
        (
            {"kafka": {"security": {"protocol": "SASL_SSL"}}},
            "kafka.security.saslMechanism: needed",
        ),
        (
            {"kafka": {"security": {"protocol": "SASL_SSL", "saslMechanism": "PLAIN"}}},
            "kafka.security.credentials.secretName: needed",
        ),
        ({"cassandra": {"ttl": -1}}, "cassandra.ttl: Input should be greater"),
        ({"cassandra": {"keyspace": "a-b"}}, "cassandra.keyspace: must be a Cassandra name"),
        ({"cassandra": {"layout": "wide"}}, "cassandra.layout: Input should be 'flat' or 'map'"),
        ({"upgrade": {"mode": "savepoint"}}, "checkpoints.storage: needed with upgrade.mode"),
        ({"image": "a", "version": "b"}, "version: cannot be set beside image"),
        (
            {"autoscaling": {"minParallelism": 3, "maxParallelism": 2}},
            "autoscaling.minParallelism: must not exceed",
        ),
        (
            {"flink": {"configuration": {"kubernetes.cluster-id": "x"}}},
            "flink.configuration: kubernetes.cluster-id is set by the operator",
        ),
        ({"resources": {"jobManager": {"memory": "1"}}}, "resources.jobManager.memory: must be"),
        ({"state": "paused"}, "state: Input should be 'running' or 'suspended'"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(fields: dict[str, Any], message: str) -> None:
    outcome = unresolved(with_fields(**fields))
    assert any(text.startswith(message) for text in outcome.messages), outcome.messages
    assert not outcome.in_profile


def test_a_wrong_value_of_the_profile_is_the_profiles_fault() -> None:
    outcome = unresolved(CR, {"kafka": {"topic": "a b"}})
    assert outcome.in_profile
    assert "(set by the profile of environment dev)" in outcome.messages[0]


@pytest.mark.parametrize("field", ["environment", "state", "restartNonce"])
def test_a_profile_holds_no_field_of_a_single_job(field: str) -> None:
    outcome = unresolved(CR, {field: "x"})
    assert outcome.in_profile
    assert outcome.messages[0].startswith(f"{field}: belongs to a job")


def test_a_missing_value_says_where_it_may_be_set() -> None:
    cr = {"environment": "dev", "cassandra": CR["cassandra"]}
    assert "profile of environment dev; set it" in unresolved(cr, {}).messages[0]
    assert "dev, which does not exist; set it" in unresolved(cr, None).messages[0]


@pytest.mark.parametrize("text", ["a: [", "- a", "5"])
def test_a_profile_that_is_no_mapping_is_invalid(text: str) -> None:
    outcome = parse_profile("dev", text)
    assert isinstance(outcome, InvalidProfile)
    assert "profile of environment dev" in outcome.message


def test_an_empty_profile_is_fine() -> None:
    assert parse_profile("dev", "") == {}
    assert parse_profile("dev", "parallelism: 2") == {"parallelism": 2}
