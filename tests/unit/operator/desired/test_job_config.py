"""The job's configuration file: what is in it, and what is left out."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from program_user_info_operator.api.section import SecretReference
from program_user_info_operator.desired.job_config import (
    config_map,
    configuration_name,
    configuration_text,
    job_config,
    read_configuration,
    secret_directory,
    secret_mounts,
)
from tests.unit.operator.revisions import desired
from tests.unit.operator.specs import resolved, with_fields


def test_scaling_changes_no_configuration() -> None:
    assert desired().config_map == desired(parallelism=5).config_map


def test_a_ttl_of_zero_turns_a_profiles_off() -> None:
    assert "ttl" not in desired(cassandra={"ttl": 0}).config_map["data"]["config.yaml"]


KAFKA = {"bootstrapServers": ["kafka:9092"]}
BUNDLE = {"secureConnectBundle": {"secretName": "astra"}}
LOGIN = {"credentials": {"secretName": "astra-token"}}
VOLUME = "cassandra-secure-connect-bundle"


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


def section(name: str, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = job_config(resolved(with_fields(**fields)).spec)[name]
    return found


@pytest.mark.parametrize(
    ("fields", "name", "told"),
    [
        ({"writes": {"requestTimeout": "1min"}}, "writes", {"requestTimeout": 60}),
        (
            {"writes": {"batchRows": 5, "futureBound": "24h"}},
            "writes",
            {"batchRows": 5, "futureBound": 86_400},
        ),
        (
            {"writes": {"bundleTime": "500ms", "bundleRecords": 7}},
            "flink",
            {"checkpointInterval": 10_000, "bundleTime": 500, "bundleRecords": 7},
        ),
        (
            {"kafka": {"partitionDiscovery": "5min"}, "checkpoints": {"interval": "1s"}},
            "flink",
            {"checkpointInterval": 1000, "partitionDiscovery": 300_000},
        ),
    ],
)
def test_durations_are_numbers_seconds_of_writes_and_milliseconds_of_flink(
    fields: dict[str, Any], name: str, told: dict[str, Any]
) -> None:
    assert section(name, **fields) == told


def test_limits_that_are_the_images_own_are_not_told() -> None:
    """A job's image has its defaults, and a later one may have others."""
    assert "writes" not in job_config(resolved(with_fields()).spec)
    assert "writes" not in job_config(resolved(with_fields(writes={"arrowBatch": 5})).spec)


@pytest.mark.parametrize(
    ("name", "fields", "told"),
    [
        # Each said only where it is not the default of what reads it.
        ("kafka", {"verifyHostNames": True}, None),
        ("kafka", {"verifyHostNames": False}, False),
        ("cassandra", {"verifyHostNames": True}, True),
        ("cassandra", {"verifyHostNames": False}, None),
    ],
)
def test_host_names_are_told_where_the_job_would_do_otherwise(
    name: str, fields: dict[str, Any], told: bool | None
) -> None:
    if name == "kafka":
        assert section(name, kafka={"security": fields})["security"].get("verifyHostNames") is told
    else:
        assert section(name, cassandra=fields).get("verifyHostNames") is told


def test_a_list_or_mapping_that_is_empty_is_left_out() -> None:
    assert not {"additionalTopics", "clientOptions"} & section("kafka").keys()
    found = section("kafka", kafka={"additionalTopics": ["u"], "clientOptions": {"linger.ms": "5"}})
    assert (found["additionalTopics"], found["clientOptions"]) == (["u"], {"linger.ms": "5"})


def test_no_name_of_a_secret_is_in_the_configuration() -> None:
    """The job reads files; which Secret they come from is the pods' business."""
    security = {
        "protocol": "SASL_SSL",
        "saslMechanism": "PLAIN",
        "credentials": {"secretName": "very-own"},
        "tls": {"secretName": "very-own"},
    }
    text = configuration_text(job_config(resolved(with_fields(kafka={"security": security})).spec))
    assert "very-own" not in text
    assert "/etc/program-user-info-secrets/kafka-credentials" in text


def test_the_text_is_read_back_as_the_document_in_its_order() -> None:
    document = job_config(resolved(with_fields(kafka={"topic": "t"})).spec)
    text = configuration_text(document)
    assert read_configuration(text) == yaml.safe_load(text) == document
    assert list(read_configuration(text)) == list(document)


def test_a_configurations_name_tells_the_job_and_changes_with_the_text() -> None:
    name = configuration_name("job", "a: 1\n")
    assert re.fullmatch(r"job-config-[0-9a-f]{10}", name)
    assert name != configuration_name("job", "a: 2\n")


def test_the_config_map_cannot_be_changed() -> None:
    found = config_map("c", "a: 1\n", "ns")
    assert found["metadata"] == {"name": "c", "namespace": "ns"}
    assert found["immutable"] is True
    assert found["data"] == {"config.yaml": "a: 1\n"}


def test_a_secret_that_is_not_named_is_mounted_nowhere() -> None:
    assert secret_directory("kafka-tls", None) is None
    reference = SecretReference.model_validate({"secretName": "a"})
    assert secret_directory("kafka-tls", reference) == "/etc/program-user-info-secrets/kafka-tls"
