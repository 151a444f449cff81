"""A running job by Flink's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from program_user_info_operator.observed.flink_job import (
    FlinkJob,
    last_checkpoint,
    read_flink_job,
)


@pytest.mark.parametrize("answer", [None, {}, {"latest": None}, {"latest": {"completed": None}}])
def test_no_checkpoint(answer: dict[str, Any] | None) -> None:
    assert last_checkpoint(answer) is None


def test_the_last_checkpoint() -> None:
    completed = {"id": 3, "latest_ack_timestamp": 1_700_000_000_123}
    found = last_checkpoint({"latest": {"completed": completed}})
    assert found is not None
    assert (found.id, found.time) == (3, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC))


RUNNING_AT, NOW = 1_700_000_000_000, 1_700_000_090_000


def answers(running: int, acknowledged: int | None) -> FlinkJob | None:
    completed = None if acknowledged is None else {"id": 3, "latest_ack_timestamp": acknowledged}
    job = {"now": NOW, "timestamps": {"RUNNING": running}}
    return read_flink_job(job, {"latest": {"completed": completed}})


def test_flinks_own_clock_tells_since_when_the_job_runs_and_when_it_last_checkpointed() -> None:
    found = answers(RUNNING_AT, RUNNING_AT + 80_000)
    assert found is not None
    assert found.runs_for.total_seconds() == 90
    assert found.checkpoint_age is not None
    assert found.checkpoint_age.total_seconds() == 10
    assert found.checkpoint is not None
    assert found.checkpoint.id == 3


def test_a_checkpoint_from_before_the_last_restart_proves_nothing() -> None:
    found = answers(RUNNING_AT, RUNNING_AT - 1)
    assert found is not None
    assert found.checkpoint_age is None
    assert found.checkpoint is not None


def test_a_job_that_does_not_run_yet() -> None:
    found = answers(0, None)
    assert found == FlinkJob(timedelta(), None, None)


@pytest.mark.parametrize(
    ("job", "checkpoints"),
    [
        (None, {}),
        ({}, {}),
        ({"now": 1}, {}),
        ({"now": 1, "timestamps": {"RUNNING": None}}, {}),
        ({"now": 1, "timestamps": {"RUNNING": 1}}, None),
    ],
)
def test_where_flink_does_not_say_nothing_is_known(job: Any, checkpoints: Any) -> None:
    assert read_flink_job(job, checkpoints) is None
