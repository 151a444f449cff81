"""When a job is looked at again."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest

from program_user_info_operator.policy.conditions import Verdict
from program_user_info_operator.policy.recheck import recheck_after
from tests.unit.operator.revisions import NOW, status

State = Literal["Ready", "Reconciling", "Stalled"]


def after(
    state: State, begun: float | None, *due: float | None, reason: str = "Some"
) -> float | None:
    """Seconds until the next check of a job whose newest revision began `begun` seconds ago."""
    newest = None if begun is None else status(1, started=NOW - timedelta(seconds=begun))
    times = [None if each is None else timedelta(seconds=each) for each in due]
    found = recheck_after(Verdict(state, reason, "text"), newest, NOW, times)
    return None if found is None else found.total_seconds()


@pytest.mark.parametrize(
    ("begun", "seconds"), [(None, 5), (0, 5), (20, 5), (40, 10), (240, 60), (36_000, 60)]
)
def test_a_job_under_way_is_looked_at_ever_less_often(begun: float | None, seconds: float) -> None:
    assert after("Reconciling", begun) == seconds


@pytest.mark.parametrize("state", ["Ready", "Stalled"])
def test_a_job_that_is_settled_is_looked_at_when_something_is_due(state: State) -> None:
    assert after(state, 40) is None
    assert after(state, 40, None, 300) == 300


def test_a_silent_flink_operator_sends_no_events_when_it_is_back() -> None:
    assert after("Stalled", 40, reason="FlinkOperatorSilent") == 10


def test_the_soonest_counts_but_not_within_a_second() -> None:
    assert after("Reconciling", 40, 300, None, 7) == 7
    assert after("Reconciling", 40, 0) == 1
    assert after("Ready", None, -5) == 1
