"""A FlinkDeployment as it is read, field by field."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from program_user_info_operator.api import names
from program_user_info_operator.api.status import SavepointStatus
from program_user_info_operator.observed.flink_deployment import (
    Lifecycle,
    ObservedJob,
    observe,
    own_times,
)

NOON = "2026-01-01T12:00:00Z"
MOMENT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def volumes(*config_maps: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [{"name": "x"}]
    found += [{"name": name, "configMap": {"name": name}} for name in config_maps]
    return {"podTemplate": {"spec": {"volumes": found}}}


def entry(**fields: Any) -> dict[str, Any]:
    known = {"manager": names.FIELD_MANAGER, "operation": "Apply", "time": NOON}
    return {key: value for key, value in (known | fields).items() if value is not None}


RECONCILED = {**volumes("b"), "job": {"parallelism": 4}}
STABLE = volumes("c")
LIVE: dict[str, Any] = {
    "metadata": {
        "generation": 3,
        "labels": {names.LABEL_REVISION: "h1"},
        "annotations": {names.ANNOTATION_REDEPLOY: "2"},
        "creationTimestamp": NOON,
        "managedFields": [entry()],
    },
    "spec": {**volumes("a"), "restartNonce": 5},
    "status": {
        "observedGeneration": 3,
        "lifecycleState": "STABLE",
        "error": json.dumps({"message": "outer", "additionalMetadata": {"reason": "ErrImagePull"}}),
        "jobManagerDeploymentStatus": "READY",
        "jobStatus": {
            "state": "RUNNING",
            "jobId": "f00",
            "savepointInfo": {
                "lastSavepoint": {"location": "s3://b/1", "timeStamp": 1_767_268_800_999}
            },
        },
        "reconciliationStatus": {
            "state": "UPGRADING",
            "lastReconciledSpec": json.dumps({"spec": RECONCILED}),
            "lastStableSpec": json.dumps({"spec": STABLE}),
        },
        "taskManager": {"replicas": 2},
    },
}


def with_status(**fields: Any) -> dict[str, Any]:
    return LIVE | {"status": LIVE["status"] | fields}


def with_metadata(**fields: Any) -> dict[str, Any]:
    return LIVE | {"metadata": LIVE["metadata"] | fields}


def test_everything_is_read() -> None:
    assert observe(LIVE) == ObservedJob(
        is_current=True,
        lifecycle=Lifecycle.STABLE,
        job_state="RUNNING",
        job_id="f00",
        error="outer",
        config_maps=frozenset("abc"),
        revision="h1",
        is_taken_up=True,
        reconciled=RECONCILED,
        created=MOMENT,
        last_savepoint=SavepointStatus(location="s3://b/1", time=MOMENT),
        job_manager="READY",
        error_reason="ErrImagePull",
        parallelism=4,
        applied=MOMENT,
        is_being_deleted=False,
        is_under_way=True,
        restart_nonce=5,
        redeploy_nonce="2",
    )


def test_one_that_was_just_created_says_nothing() -> None:
    assert observe({"metadata": {}}) == ObservedJob(
        is_current=False,
        lifecycle=None,
        job_state=None,
        job_id=None,
        error=None,
        config_maps=frozenset(),
        is_taken_up=False,
    )


@pytest.mark.parametrize(
    ("metadata", "status", "is_taken_up"),
    [({}, {}, False), ({"finalizers": ["f"]}, {}, True), ({}, {"error": "e"}, True)],
)
def test_a_finalizer_or_a_status_is_the_flink_operators(
    metadata: dict[str, Any], status: dict[str, Any], is_taken_up: bool
) -> None:
    assert observe({"metadata": metadata, "status": status}).is_taken_up is is_taken_up


@pytest.mark.parametrize(
    ("generation", "observed", "in_spec", "is_current"),
    [
        (3, 3, None, True),
        (3, 2, None, False),
        (3, None, 3, True),
        (3, None, 2, False),
        (3, 3, 2, True),
        (3, None, None, True),
    ],
)
def test_a_status_is_of_the_generation_that_it_names(
    generation: int, observed: int | None, in_spec: int | None, is_current: bool
) -> None:
    document: dict[str, Any] = {"spec": RECONCILED}
    if in_spec is not None:
        document["resource_metadata"] = {"metadata": {"generation": in_spec}}
    status = {
        "observedGeneration": observed,
        "reconciliationStatus": {"lastReconciledSpec": json.dumps(document)},
    }
    live = {"metadata": {"generation": generation}, "status": status}
    assert observe(live).is_current is is_current


@pytest.mark.parametrize("text", ["{", "[]", "5", "", None])
def test_what_is_no_document_was_never_reconciled(text: str | None) -> None:
    live = with_status(reconciliationStatus={"lastReconciledSpec": text})
    assert not observe(live).is_current
    assert observe(live).config_maps == frozenset("a")


def test_one_that_goes_is_being_deleted() -> None:
    assert observe(with_metadata(deletionTimestamp=NOON)).is_being_deleted


@pytest.mark.parametrize(
    ("state", "is_under_way"),
    [
        ("DEPLOYED", False),
        ("UPGRADING", True),
        ("ROLLING_BACK", True),
        ("ROLLED_BACK", False),
        (None, False),
    ],
)
def test_whether_an_upgrade_is_under_way(state: str | None, is_under_way: bool) -> None:
    assert observe(with_status(reconciliationStatus={"state": state})).is_under_way is is_under_way


@pytest.mark.parametrize(
    ("replicas", "overrides", "parallelism"),
    [
        (2, None, 4),
        (0, None, 0),
        (None, None, None),
        (2, "a:3,b:7", 7),
        (2, "{a: '3', b: '2'}", 3),
    ],
)
def test_the_parallelism_is_that_of_the_widest_vertex(
    replicas: int | None, overrides: str | None, parallelism: int | None
) -> None:
    options = {} if overrides is None else {"pipeline.jobvertex-parallelism-overrides": overrides}
    spec = RECONCILED | {"flinkConfiguration": options}
    live = with_status(
        taskManager={"replicas": replicas},
        reconciliationStatus={"lastReconciledSpec": json.dumps({"spec": spec})},
    )
    assert observe(live).parallelism == parallelism


@pytest.mark.parametrize(
    ("fields", "is_own"),
    [
        ({}, True),
        ({"manager": "kubectl"}, False),
        ({"operation": "Update"}, False),
        ({"subresource": "status"}, False),
        ({"subresource": ""}, True),
        ({"time": None}, False),
    ],
)
def test_the_time_of_our_own_writes_of_the_spec(fields: dict[str, Any], is_own: bool) -> None:
    later = "2026-01-01T13:00:00Z"
    metadata = {"managedFields": [entry(time=NOON), entry(**({"time": later} | fields))]}
    times = [each["time"] for each in own_times(metadata)]
    assert times == ([NOON, later] if is_own else [NOON])
    applied = observe({"metadata": metadata}).applied
    assert applied == (MOMENT.replace(hour=13) if is_own else MOMENT)
    assert own_times({}) == own_times({"managedFields": None}) == []


RUNS = observe(LIVE)


@pytest.mark.parametrize(
    ("observed", "runs_current_spec", "has_failed"),
    [
        (RUNS, True, False),
        (replace(RUNS, is_current=False), False, False),
        (replace(RUNS, lifecycle=Lifecycle.DEPLOYED), False, False),
        (replace(RUNS, job_state="CREATED"), False, False),
        (replace(RUNS, lifecycle=Lifecycle.FAILED), False, True),
        (replace(RUNS, job_state="FAILED"), False, True),
        (replace(RUNS, job_state="CREATED", job_manager="ERROR"), False, True),
        (
            replace(RUNS, job_state=None, job_manager="ERROR", error_reason="FailedMount"),
            False,
            False,
        ),
        (replace(RUNS, job_state=None, error_reason="FailedMount"), False, False),
    ],
)
def test_whether_it_runs_or_has_failed(
    observed: ObservedJob, runs_current_spec: bool, has_failed: bool
) -> None:
    assert (observed.runs_current_spec, observed.has_failed) == (runs_current_spec, has_failed)


@pytest.mark.parametrize(
    "text",
    [
        *("CREATED", "SUSPENDED", "UPGRADING", "DEPLOYED", "STABLE", "ROLLING_BACK"),
        *("ROLLED_BACK", "FAILED", "DELETING", "DELETED"),
    ],
)
def test_every_state_of_the_life_cycle_is_known_by_its_name(text: str) -> None:
    assert observe(with_status(lifecycleState=text)).lifecycle is Lifecycle[text]
    assert observe(with_status(lifecycleState=f"{text}_LATER")).lifecycle is None


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("plain\n text", "plain text"),
        ('{"type": "E", "message": "outer"}', "outer"),
        ('{"message": "outer", "throwableList": [{"message": "mid"}, {"message": "in"}]}', "outer"),
        ('{"throwableList": [{"message": "mid"}, {"message": "inner"}]}', "inner"),
        ('{"throwableList": [{}]}', '{"throwableList": [{}]}'),
        ('{"throwableList": ["x"]}', '{"throwableList": ["x"]}'),
        ("", None),
    ],
)
def test_an_error_is_reduced_to_its_message(error: str, text: str | None) -> None:
    observed = observe({"metadata": {}, "status": {"error": error}})
    assert observed.error == text


def test_a_parallelism_that_no_vertex_can_have_is_not_one() -> None:
    """A job's author may set the option; Python does not read thousands of digits as a number."""
    options = {"pipeline.jobvertex-parallelism-overrides": "a:" + "9" * 5000 + ",b:3"}
    reconciled = json.dumps({"spec": {"flinkConfiguration": options}})
    status = {
        "taskManager": {"replicas": 1},
        "reconciliationStatus": {"lastReconciledSpec": reconciled},
    }
    assert observe({"metadata": {}, "status": status}).parallelism == 3
