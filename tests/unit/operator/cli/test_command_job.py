"""The Job that runs a command of a job: what its pod gets, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.api.status import JobStatus, Outcome
from program_user_info_operator.cli.command_job import (
    Command,
    CommandRefused,
    command_job,
    running_revision,
)
from tests.unit.operator.revisions import revision, status

JOB = {"metadata": {"name": "job", "namespace": "jobs", "uid": "uid-1"}}
CREDENTIALS = {"security": {"credentials": {"secretName": "kafka-login"}}}
CONFIG = ["--config", "/etc/program-user-info-job/config.yaml"]


def made(*words: str, fields: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """The Job for a command of a job with these fields."""
    return command_job(JOB, revision(**(fields or {})), Command(words, **options))


def pod(*words: str, fields: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    spec: dict[str, Any] = made(*words, fields=fields, **options)["spec"]["template"]["spec"]
    return spec


def container(*words: str, fields: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    (found,) = pod(*words, fields=fields, **options)["containers"]
    assert isinstance(found, dict)
    return found


def test_it_goes_with_the_job_and_by_itself_an_hour_later() -> None:
    job = made("verify")
    (owner,) = job["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("ProgramUserInfoJob", "uid-1")
    assert "controller" not in owner
    assert job["metadata"]["generateName"] == "job-command-"
    assert job["spec"]["ttlSecondsAfterFinished"] == 3600
    assert job["spec"]["backoffLimit"] == 0


def test_it_runs_the_image_with_the_configuration_and_the_secrets_of_the_revision() -> None:
    fields: dict[str, Any] = {"kafka": CREDENTIALS, "imagePullPolicy": "Always"}
    found, volumes = container("verify", fields=fields), pod("verify", fields=fields)["volumes"]
    assert (found["image"], found["imagePullPolicy"]) == ("image:1.0", "Always")
    mounts = {each["name"]: each["mountPath"] for each in found["volumeMounts"]}
    assert mounts["config"] == "/etc/program-user-info-job"
    assert mounts["kafka-credentials"] == "/etc/program-user-info-secrets/kafka-credentials"
    by_name = {each["name"]: each for each in volumes}
    assert by_name["kafka-credentials"]["secret"] == {"secretName": "kafka-login"}
    assert by_name["config"]["configMap"]["name"] == revision(**fields).config_name


def test_network_policies_take_it_for_a_pod_of_the_job_but_flink_does_not() -> None:
    labels = made("verify")["spec"]["template"]["metadata"]["labels"]
    assert labels["lern.sunbird.org/job"] == "job"
    assert labels["app.kubernetes.io/name"] == "program-user-info-job"
    assert labels["app.kubernetes.io/component"] == "command"
    assert "component" not in labels


def test_it_is_restricted_and_has_no_token() -> None:
    spec = pod("verify")
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert spec["restartPolicy"] == "Never"
    assert container("verify")["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }


def test_of_the_users_template_it_keeps_what_the_command_needs() -> None:
    template = {
        "spec": {
            "nodeSelector": {"pool": "streams"},
            "containers": [
                {
                    "name": "flink-main-container",
                    "env": [{"name": "TZ", "value": "UTC"}],
                    "livenessProbe": {"httpGet": {"path": "/", "port": 8081}},
                },
                {"name": "sidecar", "image": "sidecar:1"},
            ],
        }
    }
    fields = {
        "flink": {"podTemplate": template},
        "checkpoints": {"storage": "claim:state"},
        "upgrade": {"mode": "savepoint"},
    }
    spec, only = pod("verify", fields=fields), container("verify", fields=fields)
    assert spec["nodeSelector"] == {"pool": "streams"}
    assert only["env"] == [{"name": "TZ", "value": "UTC"}]
    assert "livenessProbe" not in only
    assert "ports" not in only
    # The JobManager has it, perhaps on another node.
    assert "persistentVolumeClaim" not in str(spec)
    assert "/var/lib/program-user-info-job" not in str(spec)


def test_a_claim_and_the_standard_input_are_there_if_they_are_asked_for() -> None:
    asked: dict[str, Any] = {"claim": "mine", "stdin": True, "memory": "3Gi"}
    volumes = {each["name"]: each for each in pod("produce", **asked)["volumes"]}
    assert volumes["state"]["persistentVolumeClaim"] == {"claimName": "mine"}
    found = container("produce", **asked)
    assert (found["stdin"], found["stdinOnce"]) == (True, True)
    assert found["resources"]["limits"] == {"memory": "3Gi"}
    assert {"name": "state", "mountPath": "/state"} in found["volumeMounts"]
    assert "stdin" not in container("produce")


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        (["replay", "--dry-run"], ["replay", *CONFIG, "--dry-run"]),
        (["produce"], ["produce", *CONFIG]),
        (["flatten", "--layout", "map"], ["flatten", "--layout", "map"]),
        (["--version"], ["--version"]),
        (["verify", "--help"], ["verify", "--help"]),
    ],
)
def test_a_command_gets_the_configuration_if_it_reads_one(
    words: list[str], arguments: list[str]
) -> None:
    assert container(*words)["args"] == ["program-user-info-job", *arguments]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run"], "run submits a second pipeline"),
        (["verify", "--config", "mine"], "--config is set for you"),
        (["verify", "--config=mine"], "--config is set for you"),
        ([], "name a command"),
    ],
)
def test_what_makes_no_sense_there_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(CommandRefused, match=said):
        made(*words)


def test_the_revision_is_the_one_that_writes() -> None:
    good = status(1, hash="good")
    proving = status(2, hash="proving", outcome=Outcome.PENDING)
    rolled_back = status(2, hash="proving", outcome=Outcome.ROLLED_BACK)

    def running(*revisions: Any, deployed: str | None = None) -> str | None:
        return running_revision(
            JobStatus(revisions=list(revisions), last_good_revision=1, deployed_revision=deployed)
        )

    assert running() is None
    assert running(good) == "good"
    assert running(good, rolled_back) == "good"
    assert running(good, proving, deployed="good") == "good"
    assert running(good, proving, deployed="proving") == "proving"
    # A status of a release that did not say so.
    assert running(good, proving) == "proving"
