"""A database of DataStax Astra: a bundle in place of contact points, data centre and TLS."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from program_user_info_operator.api.crd import custom_resource_definition
from program_user_info_operator.api.status import JobStatus
from program_user_info_operator.desired.job_config import job_config, secret_mounts
from program_user_info_operator.observed.secrets import SecretFacts, missing_secrets, used_keys
from program_user_info_operator.policy.shared_group import (
    own_use,
    refuse_shared_group,
    use_in_status,
)
from tests.unit.operator.specs import resolved, unresolved

KAFKA = {"bootstrapServers": ["kafka:9092"]}
BUNDLE = {"secureConnectBundle": {"secretName": "astra"}}
LOGIN = {"credentials": {"secretName": "astra-token"}}
VOLUME = "cassandra-secure-connect-bundle"
CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def cr(**cassandra: Any) -> dict[str, Any]:
    return {"environment": "dev", "kafka": KAFKA, "cassandra": cassandra}


def test_the_job_gets_the_folder_of_the_bundle_and_nothing_that_the_bundle_tells() -> None:
    spec = resolved(cr(**BUNDLE, **LOGIN)).spec
    cassandra = job_config(spec)["cassandra"]
    assert cassandra["secureConnectBundleDir"] == f"/etc/program-user-info-secrets/{VOLUME}"
    assert not {"contactPoints", "localDatacenter", "tlsDir"} & set(cassandra)
    assert secret_mounts(spec) == {"cassandra-credentials": "astra-token", VOLUME: "astra"}


def test_a_volume_has_a_name_that_kubernetes_takes() -> None:
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", VOLUME)


def test_the_default_data_centre_is_told_as_one_unless_there_is_a_bundle() -> None:
    without = resolved(cr(contactPoints=["c:1"]))
    assert without.spec.cassandra.local_datacenter == "datacenter1"
    assert without.sources["cassandra.localDatacenter"] == "default"
    assert resolved(cr(**BUNDLE)).spec.cassandra.local_datacenter is None


TOLD = {"contactPoints": ["c:1"], "localDatacenter": "dc1", "tls": {"secretName": "tls"}}


@pytest.mark.parametrize("field", TOLD)
def test_what_the_bundle_tells_is_refused_beside_it(field: str) -> None:
    (message,) = unresolved(cr(**BUNDLE, **{field: TOLD[field]})).messages
    assert message.startswith(
        f"cassandra.{field}: must be absent with cassandra.secureConnectBundle"
    )


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


def test_the_secret_needs_the_bundle_under_its_name() -> None:
    spec = resolved(cr(**BUNDLE)).spec
    assert used_keys(spec) == {"astra": {"secure-connect-bundle.zip"}}
    (message,) = missing_secrets(spec, {"astra": None})
    assert message == (
        "cassandra.secureConnectBundle: there is no Secret astra; create it with key"
        " secure-connect-bundle.zip"
    )
    other = SecretFacts(frozenset({"secure-connect-db.zip"}), "1")
    assert missing_secrets(spec, {"astra": other}) == [
        "cassandra.secureConnectBundle: Secret astra lacks secure-connect-bundle.zip; add it"
    ]


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
