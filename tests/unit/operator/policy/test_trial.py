"""When a revision is good and when it is given up, by the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from program_user_info_operator.api.status import Outcome, RevisionStatus, TrialStatus
from program_user_info_operator.observed.flink_job import FlinkJob
from program_user_info_operator.policy.trial import Evidence, Limits, advance, next_decision
from tests.unit.operator.revisions import NOW, status

LIMITS = Limits(
    soak=timedelta(seconds=60),
    deadline=timedelta(minutes=10),
    checkpoint_interval=timedelta(seconds=10),
    can_go_back=True,
)
STARTING = Evidence(is_tried=True, is_running=False, flink=None, problem="no pod")


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def running(for_seconds: float, checkpoint_age: float | None = 5) -> Evidence:
    age = None if checkpoint_age is None else seconds(checkpoint_age)
    return Evidence(True, True, FlinkJob(seconds(for_seconds), None, age), "the job is running")


SILENT = replace(running(0), flink=None)


class Trial:
    """A revision that is looked at now and then."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self.revision: RevisionStatus = status(2, outcome=Outcome.PENDING, trial=TrialStatus())
        self.now: datetime = NOW

    def look(self, after: float, evidence: Evidence) -> Outcome:
        """What it is `after` seconds later."""
        self.now += seconds(after)
        self.revision = advance(self.revision, evidence, self.limits, self.now)
        return self.revision.outcome

    @property
    def next(self) -> float | None:
        """Seconds until something is decided."""
        found = next_decision(self.revision, self.limits, self.now)
        return None if found is None else found.total_seconds()


def test_the_soak_counts_from_the_first_sight_of_running_however_long_deploying_took() -> None:
    trial = Trial()
    assert trial.look(90, STARTING) is Outcome.PENDING
    assert trial.look(1, running(90)) is Outcome.PENDING
    assert trial.next == 60
    assert trial.look(59, running(149)) is Outcome.PENDING
    assert trial.look(1, running(150)) is Outcome.STABLE
    assert trial.revision.trial is None
    assert trial.next is None


def test_a_break_that_nobody_saw_but_flink_starts_the_soak_again() -> None:
    trial = Trial()
    trial.look(10, running(10))
    assert trial.look(60, running(20)) is Outcome.PENDING
    assert trial.revision.trial is not None
    assert trial.revision.trial.breaks == 1
    assert trial.look(39, running(59)) is Outcome.PENDING
    assert trial.look(1, running(60)) is Outcome.STABLE


def test_a_job_that_runs_25_seconds_and_restarts_for_20_is_given_up_at_its_deadline() -> None:
    trial = Trial()
    while trial.look(25, running(25)) is Outcome.PENDING:
        trial.look(20, STARTING)
    assert trial.revision.outcome is Outcome.ROLLED_BACK
    assert trial.now - NOW < LIMITS.deadline + seconds(45)
    assert "without a break only since" in (trial.revision.reason or "")


@pytest.mark.parametrize("age", [None, 31])
def test_without_checkpoints_that_progress_it_is_not_good(age: float | None) -> None:
    trial = Trial()
    for _ in range(9):
        assert trial.look(60, running(600, age)) is Outcome.PENDING
    assert trial.look(60, running(600, age)) is Outcome.ROLLED_BACK
    assert "completes no checkpoints" in (trial.revision.reason or "")


def test_long_intervals_between_checkpoints_are_taken_into_account() -> None:
    trial = Trial(replace(LIMITS, checkpoint_interval=seconds(40)))
    trial.look(1, running(1))
    assert trial.look(60, running(61, 119)) is Outcome.STABLE


def test_where_flink_does_not_answer_it_is_neither_good_nor_waited_for_for_ever() -> None:
    trial = Trial()
    for _ in range(9):
        assert trial.look(60, SILENT) is Outcome.PENDING
    assert trial.look(60, SILENT) is Outcome.ROLLED_BACK
    assert "does not say" in (trial.revision.reason or "")


def test_the_deadline_is_absolute() -> None:
    trial = Trial()
    trial.look(570, running(1))
    assert trial.next == 30
    assert trial.look(30, running(31)) is Outcome.ROLLED_BACK
    assert trial.look(60, running(91)) is Outcome.ROLLED_BACK


def test_what_happened_while_the_controller_was_away_counts_by_flinks_clock() -> None:
    trial = Trial()
    assert trial.look(3600, running(3500)) is Outcome.STABLE
    crashing = Trial()
    assert crashing.look(3600, running(20)) is Outcome.ROLLED_BACK


def test_time_in_which_nobody_could_have_tried_it_does_not_count() -> None:
    trial = Trial()
    idle = replace(STARTING, is_tried=False)
    trial.look(60, STARTING)
    trial.look(10, idle)
    assert trial.next is None
    assert trial.look(86_400, idle) is Outcome.PENDING
    trial.look(0, STARTING)
    assert trial.next == 600 - 70
    assert trial.look(529, STARTING) is Outcome.PENDING
    assert trial.look(1, STARTING) is Outcome.ROLLED_BACK
    assert trial.revision.reason == "no pod"


def test_a_suspended_job_soaks_again_when_it_is_resumed() -> None:
    trial = Trial()
    trial.look(10, running(10))
    trial.look(30, replace(running(40), is_tried=False))
    assert trial.look(30, running(30)) is Outcome.PENDING
    assert trial.revision.trial is not None
    assert trial.revision.trial.breaks == 0
    assert trial.look(60, running(90)) is Outcome.STABLE


def test_with_nothing_to_go_back_to_it_has_failed_and_may_still_turn_out_good() -> None:
    trial = Trial(replace(LIMITS, can_go_back=False))
    assert trial.look(600, STARTING) is Outcome.FAILED
    assert trial.look(10, running(1)) is Outcome.FAILED
    assert trial.look(60, running(61)) is Outcome.STABLE
    assert trial.revision.reason is None


@pytest.mark.parametrize("outcome", [Outcome.STABLE, Outcome.ROLLED_BACK, Outcome.SUPERSEDED])
def test_what_is_decided_stays_decided(outcome: Outcome) -> None:
    decided = status(2, outcome=outcome)
    assert advance(decided, running(600), LIMITS, NOW + seconds(900)) == decided


def test_a_controller_that_restarts_loses_nothing_of_the_soak() -> None:
    trial = Trial()
    trial.look(10, running(10))
    stored = trial.revision.model_dump(mode="json", by_alias=True)
    trial.revision = RevisionStatus.model_validate(stored)
    assert trial.look(60, running(70)) is Outcome.STABLE


@pytest.mark.parametrize(("later", "breaks"), [(2, 0), (3, 1)])
def test_flinks_clock_may_be_two_seconds_late(later: float, breaks: int) -> None:
    """It runs since 10 s, and by Flink's own clock since a moment later."""
    trial = Trial()
    trial.look(10, replace(running(0), flink=None))
    trial.look(20, running(20 - later))
    assert trial.revision.trial is not None
    assert trial.revision.trial.breaks == breaks
    assert trial.revision.trial.running_since == NOW + seconds(10 + later * breaks)


def test_the_first_sight_of_it_is_to_the_second_and_no_break() -> None:
    trial = Trial()
    trial.look(10.7, running(600))
    assert trial.revision.trial == TrialStatus(running_since=NOW + seconds(10))


def test_a_stop_is_a_break_and_the_next_start_is_none() -> None:
    trial = Trial()
    breaks = []
    for evidence in (running(10), STARTING, STARTING, running(1), running(11), STARTING):
        trial.look(10, evidence)
        assert trial.revision.trial is not None
        breaks.append(trial.revision.trial.breaks)
    assert breaks == [0, 1, 1, 1, 1, 2]


@pytest.mark.parametrize(
    ("interval", "age", "outcome"),
    [
        (10, 30, Outcome.STABLE),
        (10, 30.5, Outcome.PENDING),
        (20, 60, Outcome.STABLE),
        (20, 60.5, Outcome.PENDING),
        (1, 30, Outcome.STABLE),
    ],
)
def test_a_checkpoint_may_be_three_intervals_old_or_half_a_minute(
    interval: float, age: float, outcome: Outcome
) -> None:
    trial = Trial(replace(LIMITS, checkpoint_interval=seconds(interval)))
    trial.look(1, running(1))
    assert trial.look(60, running(61, age)) is outcome


def test_the_next_decision_is_the_end_of_the_soak_or_of_the_deadline() -> None:
    trial = Trial()
    trial.look(10, STARTING)
    assert trial.next == 590
    trial.look(10, running(1))
    assert trial.next == 60
    # It completes no checkpoints: it is looked at ever less often.
    trial.look(60, running(61, None))
    assert trial.next == 1
    trial.look(20, running(81, None))
    assert trial.next == 5
    trial.look(499, running(580, None))
    assert trial.next == 1
    failed = Trial(replace(LIMITS, can_go_back=False))
    assert failed.look(700, STARTING) is Outcome.FAILED
    assert failed.next is None
    # One that runs after all may still turn out good.
    failed.look(1, running(1))
    assert failed.next == 60


def test_nothing_is_left_of_a_trial_once_it_is_decided() -> None:
    for limits, outcome in (
        (LIMITS, Outcome.ROLLED_BACK),
        (replace(LIMITS, can_go_back=False), Outcome.FAILED),
    ):
        trial = Trial(limits)
        trial.look(300, running(300, None))
        assert trial.look(300, STARTING) is outcome
        assert trial.revision.trial is None
        assert trial.revision.reason == "no pod"


@pytest.mark.parametrize(
    ("evidence", "outcome"),
    [
        (running(60), Outcome.STABLE),
        (running(59), Outcome.ROLLED_BACK),
        (running(60, None), Outcome.ROLLED_BACK),
        (SILENT, Outcome.ROLLED_BACK),
        (replace(running(60), is_running=False), Outcome.ROLLED_BACK),
    ],
)
def test_one_look_after_the_deadline_goes_by_flinks_clock(
    evidence: Evidence, outcome: Outcome
) -> None:
    trial = Trial()
    assert trial.look(700, evidence) is outcome
    assert trial.revision.trial is None


def test_all_stops_of_a_trial_add_up() -> None:
    trial = Trial()
    idle = replace(STARTING, is_tried=False)
    for evidence, after in ((idle, 0), (STARTING, 1000), (idle, 10)):
        assert trial.look(after, evidence) is Outcome.PENDING
    assert trial.look(10, idle) is Outcome.PENDING
    trial.look(0, STARTING)
    assert trial.next == 590
