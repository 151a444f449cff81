"""Whether a revision is good, by the clock.

    started                          running        good
       |------------------------------|---- soak ----|
       |------------------- deadline --------------------------| given up

A revision is good once it has run for the soak time without a break, with checkpoints that
progress. A break, which Flink's own clock tells, starts the soak time again; nothing starts the
deadline again. Only time in which the revision could not run does not count: while the job is
suspended or paused, while an admission webhook does not answer, and until the Flink operator picks
it up. If Flink does not answer, nothing is known: the revision is not good, and at its deadline it
has failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from program_user_info_operator.api.status import Outcome, RevisionStatus, TrialStatus
from program_user_info_operator.observed.flink_job import FlinkJob
from program_user_info_operator.policy.recheck import ever_less_often

_LEAST_CHECKPOINT_AGE = timedelta(seconds=30)
_SOONEST = timedelta(seconds=1)
# Flink's clock and ours start counting at slightly different moments.
_TOLERANCE = timedelta(seconds=2)


@dataclass(frozen=True)
class Evidence:
    """What was seen of the revision. `problem` says why it does not run, or how it is doing."""

    is_tried: bool
    is_running: bool
    flink: FlinkJob | None
    problem: str


@dataclass(frozen=True)
class Limits:
    """When a revision is good, and when it is given up, with or without a way back."""

    soak: timedelta
    deadline: timedelta
    checkpoint_interval: timedelta
    can_go_back: bool


def advance(
    revision: RevisionStatus, evidence: Evidence, limits: Limits, now: datetime
) -> RevisionStatus:
    """The revision with its current outcome. One that has failed may still become good."""
    if revision.outcome not in (Outcome.PENDING, Outcome.FAILED):
        return revision
    before = revision.trial or TrialStatus()
    trial = _clock(before, evidence, now)
    since = _running_since(trial, evidence, now)
    is_broken = evidence.is_tried and before.running_since not in (None, since)
    trial = trial.model_copy(
        update={"running_since": since, "breaks": trial.breaks + int(is_broken)}
    )
    if _is_good(trial, evidence, limits, now):
        return revision.model_copy(
            update={"outcome": Outcome.STABLE, "reason": None, "trial": None}
        )
    if revision.outcome is Outcome.PENDING and _left(revision, trial, limits, now) <= timedelta():
        if _was_good_unseen(evidence, limits):
            return revision.model_copy(update={"outcome": Outcome.STABLE, "trial": None})
        outcome = Outcome.ROLLED_BACK if limits.can_go_back else Outcome.FAILED
        return revision.model_copy(
            update={"outcome": outcome, "reason": _why(trial, evidence, limits), "trial": None}
        )
    return revision.model_copy(update={"trial": trial})


def next_decision(revision: RevisionStatus, limits: Limits, now: datetime) -> timedelta | None:
    """How long until the revision may be good or is given up; None: no time passes for it."""
    trial = revision.trial or TrialStatus()
    if revision.outcome not in (Outcome.PENDING, Outcome.FAILED) or trial.stopped_since is not None:
        return None
    due = []
    if revision.outcome is Outcome.PENDING:
        due.append(max(_left(revision, trial, limits, now), timedelta()))
    if trial.running_since is not None:
        due.append(_until_good(now - trial.running_since, limits.soak))
    return min(due, default=None)


def _until_good(runs_for: timedelta, soak: timedelta) -> timedelta:
    """What is left of the soak time; after it, when to ask Flink again, ever less often."""
    if runs_for < soak:
        return max(soak - runs_for, _SOONEST)
    return ever_less_often(runs_for - soak, _SOONEST)


def _clock(trial: TrialStatus, evidence: Evidence, now: datetime) -> TrialStatus:
    """Stopped while nobody can try the revision."""
    if not evidence.is_tried:
        since = trial.stopped_since or now.replace(microsecond=0)
        return trial.model_copy(update={"stopped_since": since, "running_since": None})
    if trial.stopped_since is None:
        return trial
    seconds = trial.stopped_seconds + int((now - trial.stopped_since).total_seconds())
    return trial.model_copy(update={"stopped_since": None, "stopped_seconds": seconds})


def _running_since(trial: TrialStatus, evidence: Evidence, now: datetime) -> datetime | None:
    """The first sight of it running, or the last break that Flink knows of."""
    if not evidence.is_running or not evidence.is_tried:
        return None
    since = trial.running_since or now.replace(microsecond=0)
    if evidence.flink is None:
        return since
    last_break = (now - evidence.flink.runs_for).replace(microsecond=0)
    return last_break if last_break > since + _TOLERANCE else since


def _is_good(trial: TrialStatus, evidence: Evidence, limits: Limits, now: datetime) -> bool:
    flink = evidence.flink
    if trial.running_since is None or flink is None or not _progresses(flink, limits):
        return False
    return now - trial.running_since >= limits.soak


def _was_good_unseen(evidence: Evidence, limits: Limits) -> bool:
    """By Flink's clock alone: the controller was not running when the revision became good."""
    flink = evidence.flink
    if not evidence.is_running or flink is None:
        return False
    return flink.runs_for >= limits.soak and _progresses(flink, limits)


def _progresses(flink: FlinkJob, limits: Limits) -> bool:
    longest = max(3 * limits.checkpoint_interval, _LEAST_CHECKPOINT_AGE)
    return flink.checkpoint_age is not None and flink.checkpoint_age <= longest


def _left(revision: RevisionStatus, trial: TrialStatus, limits: Limits, now: datetime) -> timedelta:
    stopped = timedelta(seconds=trial.stopped_seconds)
    if trial.stopped_since is not None:
        stopped += now - trial.stopped_since
    return limits.deadline + stopped - (now - revision.started)


def _why(trial: TrialStatus, evidence: Evidence, limits: Limits) -> str:
    if trial.running_since is None:
        return evidence.problem
    if evidence.flink is None:
        return "it runs, but Flink's REST interface does not say whether it completes checkpoints"
    if not _progresses(evidence.flink, limits):
        return "it runs, but completes no checkpoints, so it commits no offsets"
    return f"it has run without a break only since {trial.running_since:%H:%M:%SZ}"
