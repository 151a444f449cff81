"""The reason that a log gave outlives the pod that had the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import pytest

from program_user_info_operator.api.status import Condition, FailureStatus
from program_user_info_operator.observed.failure import Failure, find_failure
from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob
from program_user_info_operator.policy.conditions import Verdict, conditions, is_transition
from program_user_info_operator.policy.known_failure import known_failure, to_remember

STARTING = ObservedJob(
    True, Lifecycle.DEPLOYED, "RECONCILING", "id", None, frozenset(), revision="r1"
)
RUNNING = replace(STARTING, lifecycle=Lifecycle.STABLE, job_state="RUNNING")
KAFKA = Failure("KafkaUnreachable", "kafka.bootstrapServers: no answer")
CASSANDRA = Failure("CassandraUnreachable", "cassandra.contactPoints: no answer")
GENERIC = Failure("JobFailing", "Flink reports: Job Not Found")
OVER = Failure("Reached", "Kafka answers", ends_earlier=True)
AFTERWARDS = replace(GENERIC, ends_earlier=True)
REMEMBERED = FailureStatus(reason=KAFKA.reason, message=KAFKA.message, revision="r1")


@pytest.mark.parametrize(
    ("found", "remembered", "observed", "known"),
    [
        (None, None, STARTING, None),
        (KAFKA, None, STARTING, KAFKA),
        (None, REMEMBERED, STARTING, KAFKA),
        (GENERIC, REMEMBERED, STARTING, KAFKA),
        (GENERIC, None, STARTING, GENERIC),
        (CASSANDRA, REMEMBERED, STARTING, CASSANDRA),
        (OVER, REMEMBERED, STARTING, None),
        (AFTERWARDS, REMEMBERED, STARTING, AFTERWARDS),
        (None, REMEMBERED, replace(STARTING, revision="r2"), None),
        (None, REMEMBERED, RUNNING, None),
        (None, REMEMBERED, None, None),
    ],
    ids=[
        "nothing is known",
        "the log names it",
        "the pod is gone",
        "Flink alone reports something",
        "Flink alone, and nothing was known",
        "another cause is found",
        "the job says that it is over",
        "it is over, and something else is wrong",
        "another revision is deployed",
        "the job runs",
        "nothing is deployed",
    ],
)
def test_the_cause_stays_until_something_better_is_known(
    found: Failure | None,
    remembered: FailureStatus | None,
    observed: ObservedJob | None,
    known: Failure | None,
) -> None:
    assert known_failure(found, remembered, observed) == known


@pytest.mark.parametrize(
    ("failure", "observed", "kept"),
    [
        (KAFKA, STARTING, REMEMBERED),
        (KAFKA, RUNNING, None),
        (KAFKA, None, None),
        (KAFKA, replace(STARTING, revision=None), None),
        (GENERIC, STARTING, None),
        (None, STARTING, None),
    ],
)
def test_only_a_cause_of_a_job_that_does_not_run_is_kept(
    failure: Failure | None, observed: ObservedJob | None, kept: FailureStatus | None
) -> None:
    assert to_remember(failure, observed) == kept


def test_the_log_says_that_it_is_over() -> None:
    log = "program_user_info_job.x: [KafkaUnreachable] no\nprogram_user_info_job.y: [Reached] yes"
    found = find_failure([], log, None)
    assert found is not None
    assert found.is_over
    found = find_failure([], log, "Job Not Found")
    assert found is not None
    assert (found.is_generic, found.ends_earlier) == (True, True)


def test_ten_minutes_of_trying_are_two_events() -> None:
    """Created, then the cause; neither its return at each try nor the deadline is another one."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    story: list[tuple[Literal["Reconciling", "Stalled"], str]] = [
        ("Reconciling", "Creating"),
        ("Reconciling", "Upgrading"),
        ("Reconciling", "Deploying"),
        ("Reconciling", "KafkaUnreachable"),
        ("Reconciling", "KafkaUnreachable"),
        ("Stalled", "KafkaUnreachable"),
    ]
    events = []
    previous: list[Condition] = []
    for state, reason in story:
        verdict = Verdict(state, reason, "text")
        if is_transition(previous, verdict):
            events.append(reason)
        previous = conditions(verdict, previous, 1, now)
    assert events == ["Creating", "KafkaUnreachable"]
