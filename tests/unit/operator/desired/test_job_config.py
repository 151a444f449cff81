"""The job's configuration file: what is in it, and what is left out."""

from __future__ import annotations

import re
from typing import Any

from program_user_info_operator.desired.job_config import job_config, secret_mounts
from tests.unit.operator.revisions import desired
from tests.unit.operator.specs import resolved


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
