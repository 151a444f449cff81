"""From a FlinkDeployment's status to the job's conditions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.status import Outcome
from program_user_info_operator.observed.failure import Failure
from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob, observe
from program_user_info_operator.policy.conditions import (
    Verdict,
    VerdictInput,
    conditions,
    is_transition,
    judge,
    stalled,
)
from program_user_info_operator.policy.garbage import unused_config_maps
from program_user_info_operator.revisions.history import History
from tests.unit.operator.revisions import revision, status

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUNNING = ObservedJob(True, Lifecycle.STABLE, "RUNNING", "id", None, frozenset({"old"}))


def verdict_on(
    observed: ObservedJob | None, failure: Failure | None = None, *, is_suspended: bool = False
) -> Verdict:
    return judge(VerdictInput(is_suspended, observed, failure, NOW))


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
    verdict = verdict_on(observed)
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
    assert verdict_on(observed, is_suspended=True).state == state


@pytest.mark.parametrize(
    ("observed", "seconds", "reason"),
    [
        (replace(RUNNING, is_current=False), 89, "Upgrading"),
        (replace(RUNNING, is_current=False), 90, "FlinkOperatorSilent"),
        (replace(RUNNING, is_current=False, is_taken_up=False), 90, "FlinkOperatorSilent"),
        (replace(RUNNING, is_current=False, is_under_way=True), 90, "Upgrading"),
        (replace(RUNNING, is_current=False, error="bad"), 90, "JobFailing"),
        (RUNNING, 90, "Running"),
    ],
)
def test_a_flink_operator_that_does_not_look_is_named(
    observed: ObservedJob, seconds: int, reason: str
) -> None:
    """Whether it has never picked up the deployment, or died before the last change of it."""
    applied = NOW - timedelta(seconds=seconds)
    assert verdict_on(replace(observed, applied=applied)).reason == reason
    assert verdict_on(replace(observed, created=applied)).reason == reason


def test_exactly_one_condition_is_true_and_times_change_with_the_status_only() -> None:
    first = conditions(verdict_on(None), [], 1, NOW)
    assert [each.status for each in first] == ["False", "True", "False"]
    later = NOW + timedelta(minutes=1)
    second = conditions(Verdict("Reconciling", "Other", "text"), first, 2, later)
    assert {each.last_transition_time for each in second} == {NOW}
    assert {each.observed_generation for each in second} == {2}
    third = conditions(verdict_on(RUNNING), second, 2, later)
    assert [each.last_transition_time for each in third] == [later, later, NOW]


def test_a_message_fits_the_schema_whatever_a_server_says() -> None:
    (ready, *_) = conditions(Verdict("Stalled", "Long", "x" * 5000), [], 1, NOW)
    assert len(ready.message) == 4096
    assert ready.message.endswith("x…")


@pytest.mark.parametrize(
    ("before", "after", "is_told"),
    [
        ("Creating", "Proving", False),
        ("Deploying", "Running", True),
        ("Running", "Running", False),
        ("KafkaUnreachable", "KafkaUnreachable", False),
        ("KafkaUnreachable", "Deploying", True),
    ],
)
def test_an_event_is_for_what_a_person_would_call_a_change(
    before: str, after: str, is_told: bool
) -> None:
    known = conditions(Verdict("Reconciling", before, "text"), [], 1, NOW)
    assert is_transition(known, Verdict("Reconciling", after, "text")) is is_told


def test_a_refusal_stalls_the_job() -> None:
    assert stalled(Refusal("InvalidSpec", "a")) == Verdict("Stalled", "InvalidSpec", "a")


def test_notes_follow_the_message() -> None:
    assert Verdict("Ready", "Running", "a").noting("b", "", "c").message == "a; b; c"


def test_configurations_go_once_nothing_runs_or_can_go_back_to_them() -> None:
    good, given_up, newest, forgotten = (revision(parallelism=number) for number in (1, 2, 3, 4))
    numbered = enumerate((good, given_up, newest), start=1)
    statuses = [status(number, hash=each.hash) for number, each in numbered]
    statuses[1] = status(2, hash=given_up.hash, outcome=Outcome.SUPERSEDED)
    records = {each.hash: each for each in (good, given_up, newest)}
    history = History(tuple(statuses), 1, frozenset(records))
    names = [f"job-revision-{each.hash}" for each in (good, given_up, newest, forgotten)]
    names += [good.config_name, newest.config_name, "old", "older"]
    of_nothing = sorted([f"job-revision-{forgotten.hash}", "older"])

    def unused(*live: ObservedJob) -> list[str]:
        return unused_config_maps("job", names, history, records, live)

    assert unused(RUNNING) == sorted([*of_nothing, f"job-revision-{given_up.hash}"])
    assert unused() == sorted([*of_nothing, "old"])
    assert unused(RUNNING, replace(RUNNING, is_current=False)) == of_nothing
    assert unused(replace(RUNNING, lifecycle=Lifecycle.DEPLOYED)) == of_nothing
