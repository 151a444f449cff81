"""CR over profile over default, field by field, and the sentences about what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.environments.resolve import Resolved, Source, defaults, resolve
from tests.unit.operator.specs import CR, resolved, unresolved, with_fields


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


def starting(time: str) -> dict[str, Any]:
    return {"kafka": {"startingOffsets": time}}


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
            "kafka.bootstrapServers: must have at least 1",
        ),
        ({"kafka": {"startingOffsets": "first"}}, "kafka.startingOffsets: must be one of"),
        (starting("2023-13-01T00:00:00Z"), "kafka.startingOffsets: must be one of"),
        (starting("2023-04-31T00:00:00Z"), "kafka.startingOffsets: must be one of"),
        (starting("2023-01-01T24:00:00Z"), "kafka.startingOffsets: must be one of"),
        (starting("2023-02-29T00:00:00Z"), "kafka.startingOffsets: day is out of range"),
        ({"kafka": {"deadLetterTopic": "dev.programuser.info"}}, "kafka.deadLetterTopic: must not"),
        (
            {"kafka": {"security": {"protocol": "SASL_SSL"}}},
            "kafka.security.saslMechanism: needed",
        ),
        (
            {"kafka": {"security": {"protocol": "SASL_SSL", "saslMechanism": "PLAIN"}}},
            "kafka.security.credentials.secretName: needed",
        ),
        (
            {"kafka": {"security": {"protocol": "SASL_SSL", "saslMechanism": "OAUTHBEARER"}}},
            "kafka.security.tokenEndpoint: needed",
        ),
        (
            {"kafka": {"security": {"tokenEndpoint": "https://login.example"}}},
            "kafka.security.tokenEndpoint: needed with saslMechanism OAUTHBEARER, and only then",
        ),
        (
            {"kafka": {"security": {"tokenEndpoint": "login.example"}}},
            "kafka.security.tokenEndpoint: must be a URL",
        ),
        (
            {"kafka": {"security": {"tokenScope": 'a";b'}}},
            "kafka.security.tokenScope: must be a scope",
        ),
        ({"writes": {"arrowBatch": 0}}, "writes.arrowBatch: must be at least 1"),
        ({"writes": {"bundleRecords": 1_000_001}}, "writes.bundleRecords: must be at most"),
        ({"cassandra": {"ttl": -1}}, "cassandra.ttl: must be at least 0"),
        ({"writes": {"batchRows": 0}}, "writes.batchRows: must be at least 1"),
        ({"writes": {"requestTimeout": "500ms"}}, "writes.requestTimeout: must be a duration"),
        ({"cassandra": {"keyspace": "a-b"}}, "cassandra.keyspace: must be a Cassandra name"),
        ({"cassandra": {"layout": "wide"}}, "cassandra.layout: must be 'flat' or 'map'"),
        ({"upgrade": {"mode": "savepoint"}}, "checkpoints.storage: needed with upgrade.mode"),
        ({"image": "a", "version": "b"}, "version: cannot be set beside image"),
        ({"version": "1.4.0-flink2.2"}, "version: must name the release alone"),
        (
            {"autoscaling": {"minParallelism": 3, "maxParallelism": 2}},
            "autoscaling.minParallelism: must not exceed",
        ),
        (
            {"flink": {"configuration": {"kubernetes.cluster-id": "x"}}},
            "flink.configuration: kubernetes.cluster-id is set by the operator",
        ),
        (
            {"kafka": {"clientOptions": {"isolation.level": "read_uncommitted"}}},
            "kafka.clientOptions: isolation.level cannot be set; remove it",
        ),
        ({"resources": {"jobManager": {"memory": "1"}}}, "resources.jobManager.memory: must be"),
        ({"state": "paused"}, "state: must be 'running' or 'suspended'"),
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


@pytest.mark.parametrize("field", ["environment", "state", "restartNonce", "savepoint", "unset"])
def test_a_profile_holds_no_field_of_a_single_job(field: str) -> None:
    outcome = unresolved(CR, {field: "x"})
    assert outcome.in_profile
    assert outcome.messages[0].startswith(f"{field}: belongs to a job")


def test_a_missing_value_says_where_it_may_be_set() -> None:
    cr = {"environment": "dev", "cassandra": CR["cassandra"]}
    assert "profile of environment dev; set it" in unresolved(cr, {}).messages[0]
    assert "dev, which does not exist; set it" in unresolved(cr, None).messages[0]


def test_a_job_takes_a_field_of_the_profile_away() -> None:
    profile = {"cassandra": {"ttl": 60, "table": "t"}, "parallelism": 3}
    spec = resolved(CR | {"unset": ["cassandra.ttl", "parallelism", "no.such.field"]}, profile).spec
    assert (spec.cassandra.ttl, spec.cassandra.table, spec.parallelism) == (None, "t", 1)
    assert profile == {"cassandra": {"ttl": 60, "table": "t"}, "parallelism": 3}


def test_the_defaults_of_a_release_are_all_that_nobody_has_to_say() -> None:
    """Given as such, they change nothing: so a later release can resolve as this one did."""
    known = defaults()
    assert known["parallelism"] == 1
    assert known["kafka"]["startingOffsets"] == "committed"
    assert "topic" not in known["kafka"]
    assert resolve(CR, None, known) == resolve(CR, None)
    others = resolve(CR, None, known | {"parallelism": 4})
    assert isinstance(others, Resolved)
    assert others.spec.parallelism == 4
    assert others.sources["parallelism"] is Source.DEFAULT


KAFKA = {"bootstrapServers": ["kafka:9092"]}
BUNDLE = {"secureConnectBundle": {"secretName": "astra"}}


def cr(**cassandra: Any) -> dict[str, Any]:
    return {"environment": "dev", "kafka": KAFKA, "cassandra": cassandra}


def test_the_default_data_centre_is_told_as_one_unless_there_is_a_bundle() -> None:
    without = resolved(cr(contactPoints=["c:1"]))
    assert without.spec.cassandra.local_datacenter == "datacenter1"
    assert without.sources["cassandra.localDatacenter"] == "default"
    assert resolved(cr(**BUNDLE)).spec.cassandra.local_datacenter is None


def test_a_field_of_the_profile_is_told_as_such_and_can_be_unset() -> None:
    profile = {"cassandra": {"contactPoints": ["c:1"], "localDatacenter": "dc1"}}
    refused = unresolved(cr(**BUNDLE), profile)
    assert refused.in_profile
    assert len(refused.messages) == 2
    assert all(
        text.endswith("(set by the profile of environment dev)") for text in refused.messages
    )
    unset = ["cassandra.contactPoints", "cassandra.localDatacenter"]
    spec = resolved(cr(**BUNDLE) | {"unset": unset}, profile).spec
    assert spec.cassandra.contact_points is None


def test_one_of_the_two_is_needed() -> None:
    (message,) = unresolved(cr()).messages
    assert message == (
        "cassandra.contactPoints: missing in the job's spec and in the profile of environment"
        " dev, which does not exist; set it in one of them"
    )
