"""`spec` of a FlinkDeployment: what runs a job, in the units and names that are read alike."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from program_user_info_operator.desired.flink_deployment_spec import (
    deployment_spec,
    with_configuration,
)
from program_user_info_operator.desired.runtime import Runtime
from tests.unit.operator.revisions import OWNER
from tests.unit.operator.specs import resolved, with_fields

RUNTIME = Runtime("image:1.0", "v1_20", "v1_18", is_bundled=True, is_line_chosen=True)


def made(secrets: str | None = None, **fields: Any) -> dict[str, Any]:
    spec = resolved(with_fields(**fields)).spec
    return deployment_spec(spec, OWNER, RUNTIME, "account", secrets)


@pytest.mark.parametrize(
    ("memory", "told"),
    [
        ("2048m", "2048m"),
        ("512Mi", "512m"),
        ("2g", "2048m"),
        ("3Gi", "3072m"),
        # More than a version that took the first digits would see.
        ("10240m", "10240m"),
    ],
)
def test_memory_is_told_in_mebibytes(memory: str, told: str) -> None:
    resources = {"taskManager": {"memory": memory, "cpu": 0.5}, "jobManager": {"cpu": 2}}
    found = made(resources=resources)
    assert found["taskManager"] == {"resource": {"memory": told, "cpu": 0.5}}
    assert found["jobManager"]["resource"]["cpu"] == 2


def test_the_flink_operator_is_told_the_version_and_the_pods_get_the_image() -> None:
    found = made(imagePullPolicy="Always", parallelism=3, restartNonce=4)
    told = ("image", "imagePullPolicy", "flinkVersion", "serviceAccount", "restartNonce")
    assert [found[name] for name in told] == ["image:1.0", "Always", "v1_18", "account", 4]
    assert found["job"]["parallelism"] == 3


def test_options_are_of_the_line_in_the_image_and_not_of_the_version_that_is_told() -> None:
    spec = resolved(with_fields(checkpoints={"storage": "s3://b"})).spec
    runtime = Runtime("image:1.0", "v2_2", "v1_20", is_bundled=True, is_line_chosen=True)
    options = deployment_spec(spec, OWNER, runtime, "account", None)["flinkConfiguration"]
    assert options["execution.checkpointing.dir"] == "s3://b/checkpoints"


def test_the_program_reads_the_file_that_is_mounted() -> None:
    found = made()
    assert found["job"]["args"][-2:] == ["--config", "/etc/program-user-info-job/config.yaml"]
    (container,) = found["podTemplate"]["spec"]["containers"]
    (mount,) = container["volumeMounts"]
    assert mount["mountPath"] == "/etc/program-user-info-job"


@pytest.mark.parametrize(
    ("restarts", "annotations"),
    [(True, {"lern.sunbird.org/secrets": "digest"}), (False, None)],
)
def test_pods_show_the_digest_of_secrets_unless_the_job_does_not_restart_for_them(
    restarts: bool, annotations: dict[str, str] | None
) -> None:
    found = made(secrets="digest", upgrade={"restartOnSecretChange": restarts})
    assert found["podTemplate"]["metadata"].get("annotations") == annotations
    assert "annotations" not in made()["podTemplate"]["metadata"]


def test_a_configuration_is_mounted_in_a_copy() -> None:
    before = made(flink={"podTemplate": {"spec": {"volumes": [{"name": "own", "emptyDir": {}}]}}})
    untouched = copy.deepcopy(before)
    after = with_configuration(before, "job-config-1")
    volumes = {each["name"]: each for each in after["podTemplate"]["spec"]["volumes"]}
    assert volumes["config"] == {"name": "config", "configMap": {"name": "job-config-1"}}
    assert volumes["own"] == {"name": "own", "emptyDir": {}}
    assert before == untouched
    assert with_configuration(after, "") == before


def test_what_a_user_says_of_the_volume_stays() -> None:
    volume = {"name": "config", "configMap": {"defaultMode": 256}}
    before = made(flink={"podTemplate": {"spec": {"volumes": [volume]}}})
    (found,) = with_configuration(before, "c")["podTemplate"]["spec"]["volumes"]
    assert found["configMap"] == {"name": "c", "defaultMode": 256}
