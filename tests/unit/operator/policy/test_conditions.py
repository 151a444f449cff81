"""From a FlinkDeployment's status to the job's conditions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.observed.failure import Failure
from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob
from program_user_info_operator.policy.conditions import (
    Verdict,
    VerdictInput,
    conditions,
    is_transition,
    judge,
    stalled,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUNNING = ObservedJob(True, Lifecycle.STABLE, "RUNNING", "id", None, frozenset({"old"}))


def verdict_on(
    observed: ObservedJob | None, failure: Failure | None = None, *, is_suspended: bool = False
) -> Verdict:
    return judge(VerdictInput(is_suspended, observed, failure, NOW))


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
        # The status is of an earlier spec.
        (replace(RUNNING, lifecycle=Lifecycle.SUSPENDED, is_current=False), "Reconciling"),
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
