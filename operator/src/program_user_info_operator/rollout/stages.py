"""Where a job stands with each change of the platform's, by its own history.

    New --------> Good            the job has never been good before; Exempt once it is given up
    Waiting ----> InFlight -----> Good
                     |
                     v
                  Failed -------> Retrying ----> Good
                     ^               |
                     '---------------'

A stage belongs to one release or one content of a profile or of the Secrets: with another one, the
job waits again. What happens to the job otherwise (it is edited, suspended, cannot be read) changes
no stage.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from program_user_info_operator.api.status import (
    Cause,
    Change,
    ChangeStatus,
    Outcome,
    RevisionStatus,
    Stage,
)

_GIVEN_UP = (Outcome.ROLLED_BACK, Outcome.FAILED)


@dataclass(frozen=True)
class Standing:
    """What decides on the stages of one job.

    `targets` are the ids of what the platform wants it to have; `exempt` are changes that it will
    not get because it is pinned. `is_idle`: it is suspended, so nothing is found out about it.
    `is_overdue`: it has had its deadline to begin a first revision.
    """

    revisions: Sequence[RevisionStatus]
    last_good: int | None
    targets: Mapping[Change, str]
    exempt: Collection[Change] = ()
    is_idle: bool = False
    is_overdue: bool = False


def stages(
    standing: Standing, previous: Sequence[ChangeStatus], now: datetime
) -> list[ChangeStatus]:
    """A stage for each target. `since` is when it was first so."""
    known = {(each.change, each.id, each.stage): each.since for each in previous}
    found = []
    for change, wanted in standing.targets.items():
        stage = stage_of(standing, change)
        since = known.get((change, wanted, stage), now.replace(microsecond=0))
        found.append(ChangeStatus(change=change, id=wanted, stage=stage, since=since))
    return found


def stage_of(standing: Standing, change: Change) -> Stage:
    """The stage of one change."""
    if change in standing.exempt:
        return Stage.EXEMPT
    if not standing.revisions:
        return Stage.EXEMPT if standing.is_overdue else Stage.NEW
    newest = standing.revisions[-1]
    having = [each for each in standing.revisions if _has(each, change, standing.targets[change])]
    has_failed = _has_failed(having)
    if standing.last_good is None:
        return _never_good(standing)
    if newest not in having:
        return Stage.FAILED if has_failed else Stage.WAITING
    if standing.last_good in (each.number for each in having):
        return Stage.GOOD
    if newest.outcome is Outcome.PENDING:
        return Stage.RETRYING if has_failed else Stage.IN_FLIGHT
    return Stage.FAILED


def is_proving(revisions: Sequence[RevisionStatus], last_good: int | None) -> bool:
    """Whether the newest revision has yet to prove something that the platform changed."""
    if not revisions or revisions[-1].outcome is not Outcome.PENDING:
        return False
    newest = revisions[-1]
    good = next((each for each in revisions if each.number == last_good), None)
    if good is None:
        return newest.cause.value in list(Change)
    if newest.cause is Cause.UNDO:
        return False
    # The pods of an edit mount the Secrets as they are: that is a step of the user, too.
    is_edit = newest.cause is Cause.SPEC
    changes = [change for change in Change if not (is_edit and change is Change.SECRET)]
    return any(_id(newest, change) != _id(good, change) for change in changes)


def _never_good(standing: Standing) -> Stage:
    """Of a job that has never worked, nothing can be said that is of use to others."""
    was_given_up = any(each.outcome in _GIVEN_UP for each in standing.revisions)
    return Stage.EXEMPT if was_given_up or standing.is_idle else Stage.NEW


def _has_failed(having: Sequence[RevisionStatus]) -> bool:
    """Whether the change has failed on the job since it was last good with it."""
    for each in reversed(having):
        if each.outcome is Outcome.STABLE:
            return False
        if each.outcome in _GIVEN_UP:
            return True
    return False


def _has(revision: RevisionStatus, change: Change, wanted: str) -> bool:
    return _id(revision, change) == wanted


def _id(revision: RevisionStatus, change: Change) -> str | None:
    return {
        Change.RELEASE: revision.release,
        Change.PROFILE: revision.profile,
        Change.SECRET: revision.secrets,
    }[change]
