"""Two jobs of one consumer group: when one of them is refused, and which."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.status import JobStatus
from program_user_info_operator.policy.shared_group import (
    GroupUse,
    own_use,
    refuse_shared_group,
    use_in_status,
)
from tests.unit.operator.specs import resolved, with_fields

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = GroupUse(
    job="ns/a",
    created=CREATED,
    group="g",
    brokers=frozenset(["k:1", "k:2"]),
    topics=frozenset(["s", "t"]),
    servers=frozenset(["c:1", "c:2"]),
    table="k.first",
)
SECOND = replace(FIRST, job="ns/b", table="k.second")


def test_the_later_one_is_refused_with_the_way_out() -> None:
    assert refuse_shared_group(FIRST, [SECOND]) is None
    assert refuse_shared_group(SECOND, [FIRST]) == Refusal(
        "GroupShared",
        "kafka.groupId: g is also the group of ns/a, which reads s into k.first at c:1: each of"
        " the two jobs would miss what the other reads; set kafka.groupId to a name that no other"
        " job has",
        recheck=timedelta(seconds=60),
    )


def test_a_job_whose_database_is_not_known_is_named_by_its_table() -> None:
    assert (FIRST.place, replace(FIRST, servers=frozenset()).place) == ("k.first at c:1", "k.first")


def test_the_time_decides_before_the_name() -> None:
    earlier = replace(SECOND, created=CREATED - timedelta(seconds=1))
    assert refuse_shared_group(earlier, [FIRST]) is None
    assert refuse_shared_group(FIRST, [earlier]) is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"group": "other"},
        {"brokers": frozenset(["other:1"])},
        {"topics": frozenset(["other"])},
        {"table": "k.first"},
        {"job": "ns/a"},
    ],
)
def test_nothing_is_missed_where_one_of_these_differs(fields: dict[str, Any]) -> None:
    assert refuse_shared_group(replace(SECOND, **fields), [FIRST]) is None


def test_one_broker_and_one_topic_in_common_are_enough() -> None:
    other = replace(SECOND, brokers=frozenset(["k:2", "x:1"]), topics=frozenset(["t", "u"]))
    refusal = refuse_shared_group(other, [FIRST])
    assert refusal is not None
    assert "reads t into" in refusal.message


def test_each_other_job_is_compared() -> None:
    harmless = replace(FIRST, group="other")
    assert refuse_shared_group(SECOND, [harmless, FIRST]) is not None
    assert refuse_shared_group(SECOND, [harmless]) is None


def test_a_spec_and_its_status_use_the_same() -> None:
    kafka = {"bootstrapServers": ["k:1"], "topic": "t", "additionalTopics": ["u"], "groupId": "g"}
    cassandra = {"contactPoints": ["c:1"], "keyspace": "ks", "table": "tt"}
    spec = resolved(with_fields(kafka=kafka, cassandra=cassandra)).spec
    status = JobStatus.model_validate(
        {
            "bootstrapServers": ["k:1"],
            "topic": "t",
            "additionalTopics": ["u"],
            "groupId": "g",
            "contactPoints": ["c:1"],
            "keyspace": "ks",
            "table": "tt",
        }
    )
    expected = replace(
        FIRST,
        brokers=frozenset(["k:1"]),
        topics=frozenset(["t", "u"]),
        servers=frozenset(["c:1"]),
        table="ks.tt",
    )
    assert own_use("ns/a", CREATED, spec) == expected
    assert use_in_status("ns/a", CREATED, status) == expected


@pytest.mark.parametrize("known", [{}, {"topic": "t"}, {"groupId": "g"}])
def test_a_job_that_has_resolved_nothing_yet_uses_nothing(known: dict[str, str]) -> None:
    assert use_in_status("ns/a", CREATED, JobStatus.model_validate(known)) is None


@pytest.mark.parametrize(
    ("contact_points", "is_refused"),
    [
        (["c:1", "c:9"], False),
        (["d:1"], True),
        # The status of an earlier release does not say.
        ([], False),
    ],
)
def test_a_table_of_the_same_name_in_another_cassandra_is_another_one(
    contact_points: list[str], is_refused: bool
) -> None:
    other = replace(SECOND, table=FIRST.table, servers=frozenset(contact_points))
    assert (refuse_shared_group(other, [FIRST]) is not None) == is_refused


KAFKA = {"bootstrapServers": ["kafka:9092"]}
BUNDLE = {"secureConnectBundle": {"secretName": "astra"}}


def cr(**cassandra: Any) -> dict[str, Any]:
    return {"environment": "dev", "kafka": KAFKA, "cassandra": cassandra}


def test_tables_of_one_name_in_two_databases_are_two() -> None:
    """So two jobs of one group that write them would each miss what the other reads."""
    own = own_use("ns/b", CREATED, resolved(cr(**BUNDLE)).spec)
    first = replace(own, job="ns/a")
    assert refuse_shared_group(own, [first]) is None
    elsewhere = own_use("ns/a", CREATED, resolved(cr(contactPoints=["c:1"])).spec)
    assert refuse_shared_group(own, [elsewhere]) is not None
    other = {"secureConnectBundle": {"secretName": "other"}}
    refusal = refuse_shared_group(own, [own_use("ns/a", CREATED, resolved(cr(**other)).spec)])
    assert refusal is not None
    assert "sunbird_programs.program_enrollment at the database of Secret other" in refusal.message


def test_a_status_names_the_bundle() -> None:
    status = JobStatus.model_validate(
        {
            "bootstrapServers": ["kafka:9092"],
            "topic": "dev.programuser.info",
            "groupId": "dev-programuser-group",
            "secureConnectBundle": "astra",
            "keyspace": "sunbird_programs",
            "table": "program_enrollment",
        }
    )
    expected = own_use("ns/a", CREATED, resolved(cr(**BUNDLE)).spec)
    assert use_in_status("ns/a", CREATED, status) == expected
