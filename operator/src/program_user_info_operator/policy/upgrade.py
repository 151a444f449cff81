"""From one revision to the next: which one to run, how each went, when to look again.

A revision is good once it has run stably for a while and completed a checkpoint, which is when
events have gone all the way and their offsets are committed. One that has not by its deadline is
given up for the last good one, until the job, its profile, a Secret or the operator asks for
another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from program_user_info_operator.api.status import Cause, Outcome, RevisionStatus

KEPT_REVISIONS = 10


@dataclass(frozen=True)
class History:
    """What is known of earlier revisions; only those in `recorded` can be gone back to."""

    revisions: Sequence[RevisionStatus]
    last_good: int | None
    recorded: frozenset[str]


@dataclass(frozen=True)
class Wanted:
    """The revision that spec, profile, Secrets and release ask for."""

    hash: str
    image: str
    config_hash: str
    cause: Cause


@dataclass(frozen=True)
class Progress:
    """How the deployment is doing. `runs` is the revision that runs stably, if one does."""

    runs: str | None
    is_clock_stopped: bool
    """Whether the revision is not even tried: suspended, or yet to be taken up."""
    since: datetime | None
    """Since when it has been as it is now: running, or not."""
    problem: str
    lacks_checkpoint: bool = False
    """Whether Flink says that the running job has completed no checkpoint yet."""


@dataclass(frozen=True)
class Limits:
    """When a revision counts as good, and when as failed."""

    soak: timedelta
    deadline: timedelta
    rollback: bool


@dataclass(frozen=True)
class Plan:
    """`target` is the revision to deploy. `overdue`: failed, with nothing to go back to."""

    target: str
    revisions: tuple[RevisionStatus, ...]
    last_good: int | None
    overdue: bool = False
    recheck: timedelta | None = None

    @property
    def newest(self) -> RevisionStatus:
        """The revision that is wanted."""
        return self.revisions[-1]

    @property
    def good(self) -> RevisionStatus | None:
        """The last revision that ran stably."""
        return next((each for each in self.revisions if each.number == self.last_good), None)


def plan_upgrade(
    history: History, wanted: Wanted, progress: Progress, limits: Limits, now: datetime
) -> Plan:
    """Decide."""
    plan = Plan(wanted.hash, tuple(history.revisions), history.last_good)
    if not plan.revisions or plan.newest.hash != wanted.hash:
        return _begin(plan, wanted, limits, now)
    if plan.newest.outcome is Outcome.PENDING and not progress.is_clock_stopped:
        return _judge_pending(plan, progress, limits, history.recorded, now)
    if plan.newest.outcome is Outcome.ROLLED_BACK:
        return replace(plan, target=_fallback(plan, history.recorded) or wanted.hash)
    return plan


def _begin(plan: Plan, wanted: Wanted, limits: Limits, now: datetime) -> Plan:
    number = plan.newest.number + 1 if plan.revisions else 1
    earlier = [
        each.model_copy(update={"outcome": Outcome.SUPERSEDED})
        if each.outcome is Outcome.PENDING
        else each
        for each in plan.revisions
    ]
    begun = RevisionStatus(
        number=number,
        hash=wanted.hash,
        cause=wanted.cause,
        image=wanted.image,
        config_hash=wanted.config_hash,
        started=now.replace(microsecond=0),
        outcome=Outcome.PENDING,
    )
    kept = _bounded([*earlier, begun], plan.last_good)
    return replace(plan, revisions=kept, recheck=limits.deadline)


def _judge_pending(
    plan: Plan, progress: Progress, limits: Limits, recorded: frozenset[str], now: datetime
) -> Plan:
    newest = plan.newest
    elapsed = now - max(newest.started, progress.since or newest.started)
    if progress.runs == newest.hash and not progress.lacks_checkpoint:
        if elapsed < limits.soak:
            return replace(plan, recheck=limits.soak - elapsed)
        return replace(plan, revisions=_closed(plan, Outcome.STABLE, None), last_good=newest.number)
    if elapsed < limits.deadline:
        wait = limits.deadline - elapsed
        return replace(plan, recheck=min(wait, limits.soak) if progress.runs else wait)
    fallback = _fallback(plan, recorded) if limits.rollback else None
    if fallback is None:
        return replace(plan, overdue=True)
    revisions = _closed(plan, Outcome.ROLLED_BACK, progress.problem)
    return replace(plan, target=fallback, revisions=revisions)


def _fallback(plan: Plan, recorded: frozenset[str]) -> str | None:
    good = plan.good
    if good is None or good.hash == plan.newest.hash or good.hash not in recorded:
        return None
    return good.hash


def _closed(plan: Plan, outcome: Outcome, reason: str | None) -> tuple[RevisionStatus, ...]:
    closed = plan.newest.model_copy(update={"outcome": outcome, "reason": reason})
    return (*plan.revisions[:-1], closed)


def _bounded(
    revisions: Sequence[RevisionStatus], last_good: int | None
) -> tuple[RevisionStatus, ...]:
    """The newest ones; the last good one is never forgotten."""
    newest = revisions[-KEPT_REVISIONS:]
    good = [each for each in revisions[:-KEPT_REVISIONS] if each.number == last_good]
    return (*good, *newest)
