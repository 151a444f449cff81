"""The spec as a whole: fields that need each other, and what follows from them."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.api.spec import JobSpec
from tests.unit.operator.sections import refused
from tests.unit.operator.specs import CR

TOPICS = {"topic": "t", "groupId": "g", "deadLetterTopic": "f"}
LOGIN = {"credentials": {"secretName": "login"}}
SASL: dict[str, Any] = {"protocol": "SASL_SSL", "saslMechanism": "PLAIN", **LOGIN}
STORAGE = {"storage": "s3://b"}


def given(**fields: Any) -> dict[str, Any]:
    """A complete spec; what is given of a section is added to it."""
    spec = CR | {"kafka": CR["kafka"] | TOPICS}
    sections = {
        name: spec[name] | value if isinstance(spec.get(name), dict) else value
        for name, value in fields.items()
    }
    return spec | sections


def spec(**fields: Any) -> JobSpec:
    return JobSpec.model_validate(given(**fields))


@pytest.mark.parametrize(
    ("fields", "start"),
    [
        (
            {"kafka": {"security": LOGIN | {"saslMechanism": "PLAIN"}}},
            "kafka.security.saslMechanism: needed with protocol SASL_PLAINTEXT and SASL_SSL, and",
        ),
        (
            {"kafka": {"security": SASL | {"tokenEndpoint": "https://login.example"}}},
            "kafka.security.tokenEndpoint: needed with saslMechanism OAUTHBEARER, and only then",
        ),
        (
            {"kafka": {"deadLetterTopic": "t"}},
            "kafka.deadLetterTopic: must not be an input topic, because the job would read each",
        ),
        (
            {"kafka": {"additionalTopics": ["f"]}},
            "kafka.deadLetterTopic: must not be an input topic, because the job would read each",
        ),
        (
            {"flink": {"configuration": {"pipeline.name": "a", "high-availability": "b"}}},
            "flink.configuration: high-availability, pipeline.name is set by the operator; use",
        ),
        (
            {"checkpoints": {"interval": "10min"}},
            "checkpoints.interval: must be shorter than upgrade.deadline, because a revision must",
        ),
        (
            {"upgrade": {"mode": "last-state"}},
            "checkpoints.storage: needed with upgrade.mode last-state; set it, or remove upgrade.",
        ),
        (
            {"deletion": {"savepoint": True}},
            "checkpoints.storage: needed with deletion.savepoint; set it, or remove deletion.",
        ),
        (
            {"savepoint": {"triggerNonce": 1}},
            "checkpoints.storage: needed with savepoint.triggerNonce; set it, or remove savepoint",
        ),
        (
            {"upgrade": {"mode": "savepoint", "strategy": "overlap"}, "checkpoints": STORAGE},
            "upgrade.strategy: overlap needs upgrade.mode stateless, because state can be passed",
        ),
        (
            {"savepoint": {"redeployNonce": 1}},
            "savepoint.restoreFrom: needed with savepoint.redeployNonce; set it",
        ),
    ],
)
def test_fields_that_contradict_each_other_are_told_with_the_way_out(
    fields: dict[str, Any], start: str
) -> None:
    (line,) = refused(JobSpec, given(**fields))
    assert line.removeprefix(": ").startswith(start)


@pytest.mark.parametrize(
    "fields",
    [
        {"kafka": {"security": SASL}},
        {
            "kafka": {
                "security": SASL
                | {"saslMechanism": "OAUTHBEARER", "tokenEndpoint": "https://login.example"}
            }
        },
        {"autoscaling": {"minParallelism": 8, "maxParallelism": 8}},
        {"checkpoints": {"interval": "9999ms"}, "upgrade": {"deadline": "10s"}},
        {"upgrade": {"mode": "savepoint", "strategy": "replace"}, "checkpoints": STORAGE},
        {"upgrade": {"strategy": "overlap"}},
        {"savepoint": {"redeployNonce": 1, "restoreFrom": "s3://b/1"}},
        {"deletion": {"savepoint": True}, "checkpoints": STORAGE},
    ],
)
def test_fields_that_fit_are_taken(fields: dict[str, Any]) -> None:
    assert refused(JobSpec, given(**fields)) == []


@pytest.mark.parametrize(
    ("fields", "is_pinned"),
    [
        ({}, False),
        ({"image": "mine"}, True),
        ({"version": "1.4.0"}, True),
        ({"upgrade": {"automatic": False}}, True),
        ({"flink": {"version": "v1_20"}}, False),
        ({"upgrade": {"revision": 3}}, False),
    ],
)
def test_a_job_that_follows_no_release_is_pinned(fields: dict[str, Any], is_pinned: bool) -> None:
    assert spec(**fields).is_pinned is is_pinned


def test_secrets_are_told_by_the_field_that_names_each() -> None:
    assert spec().secrets() == {}
    kafka = {"security": SASL | {"tls": {"secretName": "kafka-tls"}}}
    cassandra = {**LOGIN, "tls": {"secretName": "tls"}}
    found = spec(kafka=kafka, cassandra=cassandra).secrets()
    assert {field: each.secret_name for field, each in found.items()} == {
        "kafka.security.credentials": "login",
        "kafka.security.tls": "kafka-tls",
        "cassandra.credentials": "login",
        "cassandra.tls": "tls",
    }
    bundle = {"contactPoints": None, "secureConnectBundle": {"secretName": "astra"}}
    assert list(spec(cassandra=bundle).secrets()) == ["cassandra.secureConnectBundle"]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"parallelism": 0}, "parallelism: must be at least 1"),
        ({"parallelism": 1025}, "parallelism: must be at most 1024"),
        (
            {"imagePullPolicy": "Sometimes"},
            "imagePullPolicy: must be 'Always', 'IfNotPresent' or 'Never'",
        ),
        ({"unset": ["a b"]}, "unset[0]: must be the path of a field, such as cassandra.ttl"),
        ({"unset": ["a"] * 65}, "unset: must have at most 64 entries"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_right(fields: dict[str, Any], line: str) -> None:
    assert refused(JobSpec, given(**fields)) == [line]
