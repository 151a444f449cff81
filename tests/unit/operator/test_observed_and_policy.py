"""From a FlinkDeployment's status to the job's conditions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob, observe
from program_user_info_operator.policy.conditions import Verdict, conditions, judge, stalled
from program_user_info_operator.policy.garbage import unused_config_maps
from tests.unit.operator.test_resolve import CR, resolved

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUNNING = ObservedJob(True, Lifecycle.STABLE, "RUNNING", "id", None, frozenset({"old"}))


def spec(**fields: Any) -> JobSpec:
    return resolved(CR | fields).spec


def reconciled(generation: int, config_map: str) -> str:
    volumes = [{"name": "config", "configMap": {"name": config_map}}, {"name": "x"}]
    return json.dumps(
        {
            "spec": {"podTemplate": {"spec": {"volumes": volumes}}},
            "resource_metadata": {"metadata": {"generation": generation}},
        }
    )


def test_a_status_of_the_flink_operator_is_read() -> None:
    live = {
        "metadata": {"generation": 3},
        "spec": {"podTemplate": {"spec": {"volumes": [{"configMap": {"name": "c"}}]}}},
        "status": {
            "lifecycleState": "STABLE",
            "jobStatus": {"state": "RUNNING", "jobId": "abc"},
            "reconciliationStatus": {
                "lastReconciledSpec": reconciled(3, "b"),
                "lastStableSpec": reconciled(2, "a"),
            },
        },
    }
    observed = observe(live)
    assert replace(observed, reconciled=None) == ObservedJob(
        True, Lifecycle.STABLE, "RUNNING", "abc", None, frozenset("abc")
    )
    assert observed.reconciled == json.loads(reconciled(3, "b"))["spec"]


def test_a_status_of_an_earlier_spec_is_not_current() -> None:
    status = {"reconciliationStatus": {"lastReconciledSpec": reconciled(2, "b")}}
    assert not observe({"metadata": {"generation": 3}, "status": status}).is_current


@pytest.mark.parametrize(
    "status", [{}, {"lifecycleState": "NEW"}, {"reconciliationStatus": {"lastStableSpec": "{"}}]
)
def test_an_unknown_status_is_no_error(status: dict[str, Any]) -> None:
    observed = observe({"metadata": {"generation": 1}, "status": status})
    assert (observed.lifecycle, observed.job_state, observed.is_current) == (None, None, False)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("plain\n text", "plain text"),
        ('{"type": "E", "message": "outer"}', "outer"),
        ('{"message": "outer", "throwableList": [{"message": "mid"}, {"message": "in"}]}', "outer"),
        ('{"throwableList": [{"message": "mid"}, {"message": "inner"}]}', "inner"),
        ("", None),
    ],
)
def test_an_error_is_reduced_to_its_message(error: str, text: str | None) -> None:
    observed = observe({"metadata": {}, "status": {"error": error}})
    assert observed.error == text


@pytest.mark.parametrize(
    ("observed", "state", "reason"),
    [
        (None, "Reconciling", "Creating"),
        (RUNNING, "Ready", "Running"),
        (replace(RUNNING, is_current=False), "Reconciling", "Upgrading"),
        (replace(RUNNING, is_current=False, error="bad"), "Reconciling", "JobFailing"),
        (replace(RUNNING, is_current=False, is_taken_up=False), "Reconciling", "Upgrading"),
        (replace(RUNNING, lifecycle=Lifecycle.DEPLOYED), "Reconciling", "Deploying"),
        (replace(RUNNING, job_state="RESTARTING"), "Reconciling", "Deploying"),
        (replace(RUNNING, job_state="FAILED"), "Reconciling", "JobFailing"),
        (replace(RUNNING, lifecycle=Lifecycle.FAILED), "Reconciling", "JobFailing"),
        (replace(RUNNING, lifecycle=None, job_state=None), "Reconciling", "Deploying"),
    ],
)
def test_the_verdict_on_a_running_job(
    observed: ObservedJob | None, state: str, reason: str
) -> None:
    verdict = judge(spec(), observed, None, NOW)
    assert (verdict.state, verdict.reason) == (state, reason)
    assert verdict.message


@pytest.mark.parametrize(
    ("observed", "state"),
    [
        (ObservedJob(False, None, None, None, None, frozenset()), "Ready"),
        (replace(RUNNING, lifecycle=Lifecycle.SUSPENDED, job_state="FINISHED"), "Ready"),
        (replace(RUNNING, is_current=False), "Reconciling"),
    ],
)
def test_a_suspended_job_is_ready_once_it_is_stopped(observed: ObservedJob, state: str) -> None:
    assert judge(spec(state="suspended"), observed, None, NOW).state == state


def test_exactly_one_condition_is_true_and_times_change_with_the_status_only() -> None:
    first = conditions(judge(spec(), None, None, NOW), [], 1, NOW)
    assert [each.status for each in first] == ["False", "True", "False"]
    later = NOW + timedelta(minutes=1)
    second = conditions(Verdict("Reconciling", "Other", "text"), first, 2, later)
    assert {each.last_transition_time for each in second} == {NOW}
    assert {each.observed_generation for each in second} == {2}
    third = conditions(judge(spec(), RUNNING, None, NOW), second, 2, later)
    assert [each.last_transition_time for each in third] == [later, later, NOW]


def test_a_stalled_verdict_lists_all_messages() -> None:
    assert stalled("InvalidSpec", ["a", "b"]) == Verdict("Stalled", "InvalidSpec", "a; b")


def test_configurations_go_once_nothing_runs_or_rolls_back_to_them() -> None:
    existing = ["new", "old", "older"]
    assert unused_config_maps(existing, ["new"], RUNNING) == ["older"]
    assert unused_config_maps(existing, ["new"], None) == []
    assert unused_config_maps(existing, ["new"], replace(RUNNING, is_current=False)) == []
    assert (
        unused_config_maps(existing, ["new"], replace(RUNNING, lifecycle=Lifecycle.DEPLOYED)) == []
    )
