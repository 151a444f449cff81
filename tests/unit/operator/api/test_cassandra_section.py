"""`spec.cassandra` and `spec.writes`: a bundle in place of what it tells, and the limits."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from program_user_info_operator.api.cassandra_section import Cassandra, CassandraSchema, Writes
from program_user_info_operator.api.crd import custom_resource_definition
from tests.unit.operator.sections import refused
from tests.unit.operator.specs import unresolved

KAFKA = {"bootstrapServers": ["kafka:9092"]}
BUNDLE = {"secureConnectBundle": {"secretName": "astra"}}


def cr(**cassandra: Any) -> dict[str, Any]:
    return {"environment": "dev", "kafka": KAFKA, "cassandra": cassandra}


TOLD = {"contactPoints": ["c:1"], "localDatacenter": "dc1", "tls": {"secretName": "tls"}}


@pytest.mark.parametrize("field", TOLD)
def test_what_the_bundle_tells_is_refused_beside_it(field: str) -> None:
    (message,) = unresolved(cr(**BUNDLE, **{field: TOLD[field]})).messages
    assert message.startswith(
        f"cassandra.{field}: must be absent with cassandra.secureConnectBundle"
    )


@pytest.mark.parametrize("bundle", [{}, "astra", {"secretName": "A B"}])
def test_a_bundle_that_is_no_reference_is_told_alone(bundle: Any) -> None:
    (message,) = unresolved(cr(secureConnectBundle=bundle)).messages
    assert message.startswith("cassandra.secureConnectBundle")


def test_the_api_server_says_which_field_is_too_much() -> None:
    version = custom_resource_definition()["spec"]["versions"][0]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    rules = spec["properties"]["cassandra"]["x-kubernetes-validations"]
    assert [rule["message"].partition(" ")[0] for rule in rules] == list(TOLD)
    assert all(
        f"has(self.{field})" in rule["rule"] for field, rule in zip(TOLD, rules, strict=True)
    )


@pytest.mark.parametrize(
    ("section", "given", "line"),
    [
        (Cassandra, {"contactPoints": []}, "contactPoints: must have at least 1 entries"),
        (
            Cassandra,
            {"contactPoints": ["a:1"] * 17},
            "contactPoints: must have at most 16 entries",
        ),
        (
            Cassandra,
            {"contactPoints": ["a:1"], "localDatacenter": ""},
            "localDatacenter: must have at least 1 characters",
        ),
        (
            Cassandra,
            {"contactPoints": ["a:1"], "ttl": 630_720_001},
            "ttl: must be at most 630720000",
        ),
        (
            Cassandra,
            {"contactPoints": ["a:1"], "deletes": "maybe"},
            "deletes: must be 'ignore' or 'apply'",
        ),
        (
            CassandraSchema,
            {"replication": {"dc1": 3}},
            "replication: needs class, such as NetworkTopologyStrategy",
        ),
        (Writes, {"batchRows": 1001}, "batchRows: must be at most 1000"),
        (Writes, {"batchBytes": 1023}, "batchBytes: must be at least 1024"),
        (Writes, {"inFlight": 0}, "inFlight: must be at least 1"),
        (Writes, {"arrowBatchBytes": 1 << 19}, "arrowBatchBytes: must be at least 1048576"),
    ],
)
def test_what_is_out_of_bounds_is_named(
    section: type[BaseModel], given: dict[str, Any], line: str
) -> None:
    assert refused(section, given) == [line]


@pytest.mark.parametrize("ttl", [0, None, 630_720_000])
def test_a_ttl_can_be_none_in_two_ways(ttl: int | None) -> None:
    given = {"contactPoints": ["a:1"], "ttl": ttl}
    assert Cassandra.model_validate(given).ttl == ttl


def test_a_limit_that_is_not_set_is_the_images_own() -> None:
    assert set(Writes().model_dump().values()) == {None}


def test_the_defaults_create_a_table_for_one_node() -> None:
    found = Cassandra.model_validate({"contactPoints": ["a:1"]})
    assert found.schema_.manage
    assert found.schema_.replication == {"class": "SimpleStrategy", "replication_factor": 1}
    assert (found.layout, found.deletes, found.missing_profile) == ("flat", "ignore", "reject")
