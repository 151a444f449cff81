"""The status as it is written and as it is read, also where another release has written it."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from pydantic import ValidationError

from program_user_info_operator.api.status import (
    Cause,
    ChangeStatus,
    Condition,
    JobStatus,
    Outcome,
    RevisionStatus,
    Stage,
)

MOMENT = datetime(2026, 1, 1, 12, 30, 45, 678_000, tzinfo=UTC)
REVISION: dict[str, Any] = {
    "number": 1,
    "hash": "h",
    "cause": "Created",
    "image": "job:1",
    "configHash": "c",
    "started": "2026-01-01T12:30:45Z",
    "outcome": "Stable",
}


def test_what_is_not_known_is_not_written() -> None:
    found = JobStatus(topic="t").to_json()
    assert found["topic"] == "t"
    assert "table" not in found
    assert None not in found.values()


def test_times_are_written_to_the_second_in_utc() -> None:
    condition = Condition(
        type="Ready",
        status="True",
        reason="Running",
        message="the job is running",
        last_transition_time=MOMENT,
        observed_generation=2,
    )
    (written,) = JobStatus(conditions=[condition]).to_json()["conditions"]
    assert written["lastTransitionTime"] == "2026-01-01T12:30:45Z"
    assert written["observedGeneration"] == 2


def test_what_was_written_is_read_back() -> None:
    written = {
        "topic": "t",
        "jobState": "RUNNING",
        "lastGoodRevision": 1,
        "revisions": [REVISION],
        "sources": {"parallelism": "default"},
        "rollout": {
            "proving": True,
            "changes": [
                {
                    "change": "Release",
                    "id": "r",
                    "stage": "Good",
                    "since": "2026-01-01T00:00:00Z",
                }
            ],
        },
    }
    again = JobStatus.model_validate(written).to_json()
    assert again == again | written
    assert JobStatus.model_validate(again).to_json() == again


def test_a_status_that_was_never_written_says_nothing() -> None:
    status = JobStatus.model_validate({})
    assert (status.conditions, status.revisions, status.rollout.changes) == ([], [], [])
    assert status.last_good_revision is None


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("cause", "Secret", Cause.SECRET),
        ("cause", "Moonlight", Cause.SPEC),
        ("outcome", "RolledBack", Outcome.ROLLED_BACK),
        ("outcome", "Celebrated", Outcome.SUPERSEDED),
    ],
)
def test_a_word_of_a_newer_release_is_read_as_the_safest_one(
    field: str, value: str, read: StrEnum
) -> None:
    """After a downgrade a job must still have a status, and its history."""
    found = RevisionStatus.model_validate(REVISION | {field: value, "colour": "blue"})
    assert getattr(found, field) is read


@pytest.mark.parametrize(("stage", "read"), [("Exempt", Stage.EXEMPT), ("Later", Stage.WAITING)])
def test_a_stage_of_a_newer_release_is_waiting(stage: str, read: Stage) -> None:
    found = ChangeStatus.model_validate(
        {"change": "Release", "id": "r", "stage": stage, "since": "2026-01-01T00:00:00Z"}
    )
    assert found.stage is read


@pytest.mark.parametrize(
    ("field", "value"),
    [("type", "Happy"), ("status", "Maybe"), ("reason", "x" * 129), ("message", "x" * 4097)],
)
def test_a_condition_that_the_api_server_would_refuse_is_refused_here(
    field: str, value: str
) -> None:
    known: dict[str, Any] = {
        "type": "Ready",
        "status": "True",
        "reason": "r",
        "message": "m",
        "lastTransitionTime": MOMENT,
        "observedGeneration": 1,
    }
    Condition.model_validate(known)
    with pytest.raises(ValidationError):
        Condition.model_validate(known | {field: value})
