"""What is read from the statuses that real Flink operators wrote."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from program_user_info_operator.observed.flink_deployment import observe
from program_user_info_operator.policy.conditions import VerdictInput, judge
from tests.conftest import DATA

NOW = datetime(2027, 1, 1, tzinfo=UTC)
FOLDER = DATA / "flink-operator"
RECORDED = {
    release: {
        each["what"]: each["object"]
        for each in json.loads((FOLDER / f"{release}.json").read_text())
    }
    for release in ("1.7.0", "1.15.0")
}

# What it was doing: whether its status is about the current spec, and what the condition says.
EXPECTED = [
    ("1.7.0", "created, not picked up yet", False, "Reconciling", "Upgrading"),
    ("1.7.0", "the JobManager answers, the job does not run yet", True, "Reconciling", "Deploying"),
    ("1.7.0", "runs", True, "Ready", "Running"),
    ("1.7.0", "runs, another spec has just been applied", False, "Reconciling", "Upgrading"),
    ("1.7.0", "upgrade: the old job is stopped", True, "Reconciling", "Deploying"),
    ("1.7.0", "upgrade: the new job is being deployed", True, "Reconciling", "Deploying"),
    ("1.7.0", "runs again", True, "Ready", "Running"),
    ("1.7.0", "suspended", True, "Reconciling", "Deploying"),
    ("1.7.0", "resumed", True, "Reconciling", "Deploying"),
    ("1.7.0", "an image that cannot be pulled", True, "Reconciling", "JobFailing"),
    ("1.7.0", "a savepoint on demand is being taken", True, "Reconciling", "Deploying"),
    ("1.7.0", "a savepoint on demand is done", True, "Reconciling", "Deploying"),
    ("1.7.0", "created from a savepoint", True, "Reconciling", "Deploying"),
    ("1.15.0", "created", True, "Reconciling", "Deploying"),
    ("1.15.0", "a pod waits for its volume", True, "Reconciling", "Deploying"),
    (
        "1.15.0",
        "the JobManager answers, the job does not run yet",
        True,
        "Reconciling",
        "Deploying",
    ),
    ("1.15.0", "the job is not found yet", True, "Reconciling", "Deploying"),
    ("1.15.0", "runs", True, "Ready", "Running"),
    ("1.15.0", "upgrade: the old job is stopped", True, "Reconciling", "Deploying"),
    ("1.15.0", "upgrade: the new job is being deployed", True, "Reconciling", "Deploying"),
    ("1.15.0", "runs again", True, "Ready", "Running"),
    ("1.15.0", "upgrade from its last state: stopped", True, "Reconciling", "Deploying"),
    ("1.15.0", "upgrade from its last state: starting", True, "Reconciling", "Deploying"),
    ("1.15.0", "an image that cannot be pulled", True, "Reconciling", "JobFailing"),
    ("1.15.0", "the program has failed", True, "Reconciling", "JobFailing"),
    ("1.15.0", "failed, the JobManager is replaced", True, "Reconciling", "JobFailing"),
    ("1.15.0", "the JobManager is there, the job is not", False, "Reconciling", "Upgrading"),
    ("1.15.0", "rolled back, starting", False, "Reconciling", "Upgrading"),
]


@pytest.mark.parametrize(("release", "what", "is_current", "state", "reason"), EXPECTED)
def test_a_recorded_status(
    release: str, what: str, is_current: bool, state: str, reason: str
) -> None:
    observed = observe(RECORDED[release][what])
    assert observed.is_current is is_current
    just_applied = replace(observed, applied=NOW)
    verdict = judge(VerdictInput(False, just_applied, None, NOW))
    assert (verdict.state, verdict.reason) == (state, reason)
    later = judge(VerdictInput(False, observed, None, NOW))
    assert (later.reason == "FlinkOperatorSilent") is (not is_current and not observed.error)


def test_the_last_savepoint_of_a_release_without_snapshots() -> None:
    found = observe(RECORDED["1.7.0"]["a savepoint on demand is done"]).last_savepoint
    assert found is not None
    assert found.location.startswith("file:/var/lib/program-user-info-job/savepoints/savepoint-")
    assert observe(RECORDED["1.7.0"]["runs"]).last_savepoint is None


@pytest.mark.parametrize(
    ("release", "what", "parallelism"),
    [
        ("1.7.0", "runs", 1),
        ("1.7.0", "suspended", 0),
        ("1.15.0", "runs", 1),
        ("1.15.0", "upgrade: the old job is stopped", 0),
    ],
)
def test_the_parallelism_of_a_deployment(release: str, what: str, parallelism: int) -> None:
    assert observe(RECORDED[release][what]).parallelism == parallelism


@pytest.mark.parametrize("overrides", ["a1:2,b2:1", "{a1: 2, b2: 1}", "a1:'2',b2:'1'"])
def test_the_autoscalers_parallelism_is_that_of_the_widest_vertex(overrides: str) -> None:
    options = {"pipeline.jobvertex-parallelism-overrides": overrides}
    reconciled = {"spec": {"job": {"parallelism": 1}, "flinkConfiguration": options}}
    last = {"lastReconciledSpec": json.dumps(reconciled)}
    live = {
        "metadata": {"generation": 3},
        "status": status(reconciliationStatus=last, taskManager={"replicas": 1}),
    }
    assert observe(live).parallelism == 2


def test_every_recorded_status_is_judged() -> None:
    assert {(release, what) for release, what, *_ in EXPECTED} == {
        (release, what) for release, recorded in RECORDED.items() for what in recorded
    }


def status(**fields: Any) -> dict[str, Any]:
    """A running job, as no release writes it: without any generation."""
    spec = json.dumps({"spec": {}, "resource_metadata": {}})
    return {
        "lifecycleState": "STABLE",
        "jobStatus": {"state": "RUNNING"},
        "reconciliationStatus": {"lastReconciledSpec": spec},
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "is_current"),
    [
        ({}, True),
        ({"observedGeneration": 3}, True),
        ({"observedGeneration": 2}, False),
        ({"reconciliationStatus": {}}, False),
        ({"reconciliationStatus": {"lastReconciledSpec": None}, "observedGeneration": 3}, False),
    ],
    ids=["names no generation", "this one", "an earlier one", "nothing yet", "reset"],
)
def test_what_is_not_known_is_not_held_against_a_job(
    fields: dict[str, Any], is_current: bool
) -> None:
    live = {"metadata": {"generation": 3}, "status": status(**fields)}
    assert observe(live).is_current is is_current


@pytest.mark.parametrize(
    ("kubernetes_reason", "reason"), [("FailedMount", "Deploying"), ("ErrImagePull", "JobFailing")]
)
def test_a_volume_that_is_not_mounted_yet_is_no_failure(
    kubernetes_reason: str, reason: str
) -> None:
    """At every start the pod is there some moments before Flink's own ConfigMap."""
    what = {"message": "said", "additionalMetadata": {"reason": kubernetes_reason}}
    fields = {
        "lifecycleState": "DEPLOYED",
        "jobStatus": {"state": "RECONCILING"},
        "jobManagerDeploymentStatus": "ERROR",
        "error": json.dumps(what),
    }
    live = {"metadata": {"generation": 3}, "status": status(**fields)}
    verdict = judge(VerdictInput(False, observe(live), None, NOW))
    assert (verdict.state, verdict.reason) == ("Reconciling", reason)
    assert "said" in verdict.message


def test_an_error_of_the_flink_operator_about_a_running_job_is_told() -> None:
    words = "Could not deserialize ClusterHealthInfo, this indicates a bug..."
    error = json.dumps({"type": "java.lang.RuntimeException", "message": words})
    live = {"metadata": {"generation": 3}, "status": status(error=error)}
    verdict = judge(VerdictInput(False, observe(live), None, NOW))
    assert (verdict.state, verdict.reason) == ("Reconciling", "FlinkOperatorFailing")
    assert words in verdict.message
    assert "spec.restartNonce" in verdict.message
