"""What to do about one job, decided from everything that is known of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.api.status import FailureStatus
from program_user_info_operator.api.upgrade_section import Upgrade
from program_user_info_operator.observed.flink_deployment import ObservedJob
from program_user_info_operator.policy.deployments import Deployments, PlacementInput, place
from program_user_info_operator.policy.revision_choice import MayTake, Situation, choose
from program_user_info_operator.revisions.candidates import Candidates
from program_user_info_operator.revisions.history import History
from program_user_info_operator.revisions.revision import Revision


@dataclass(frozen=True)
class Seen:
    """What is seen of a job.

    `created` is when its resource was. `refusal` is what keeps the job from being what that asks
    for; then `candidates` may be None.
    `spec` is the complete spec, or, where there is none, that of what runs; `live` are its
    FlinkDeployments by name.
    """

    job: str
    created: datetime
    spec: JobSpec | None
    refusal: Refusal | None
    candidates: Candidates | None
    history: History
    records: Mapping[str, Revision]
    live: Mapping[str, ObservedJob]
    failure: FailureStatus | None
    is_paused: bool = False


def time_to_begin(seen: Seen, now: datetime) -> timedelta | None:
    """How long others wait for a job that has begun nothing yet; None: no longer.

    It has the deadline of one that has begun, because what prevents it may never end.
    """
    upgrade = seen.spec.upgrade if seen.spec is not None else Upgrade()
    left = timedelta(milliseconds=upgrade.deadline_milliseconds) - (now - seen.created)
    return left if left > timedelta() else None


@dataclass(frozen=True)
class Decision:
    """What should be: the revisions, of which the newest may just begin, and where they run.

    `records` are the revisions that can run, by hash, the one that begins among them.
    """

    history: History
    records: Mapping[str, Revision]
    deployments: Deployments
    begins: bool = False
    refusal: Refusal | None = None
    notes: tuple[str, ...] = ()


def decide(seen: Seen, may_take: MayTake, now: datetime) -> Decision:
    """Decide. `may_take` says why it is not the job's turn; it is asked only where that matters."""
    if seen.is_paused or seen.candidates is None or seen.refusal is not None:
        return _placed(seen, Decision(seen.history, seen.records, _NOWHERE, refusal=seen.refusal))
    choice = choose(Situation(seen.candidates, seen.history, seen.records), may_take)
    if isinstance(choice, Refusal):
        return _placed(seen, Decision(seen.history, seen.records, _NOWHERE, refusal=choice))
    history, records, wanted = seen.history, dict(seen.records), choice.wanted
    if wanted is not None:
        records[wanted.hash] = wanted
        history = replace(history, recorded=frozenset(records))
        if choice.cause is not None:
            history = history.begin(wanted, choice.cause, now, seen.candidates.current)
        else:
            history = history.relabelled(wanted)
    return _placed(
        seen,
        Decision(
            history,
            records,
            _NOWHERE,
            begins=choice.cause is not None,
            notes=(choice.note,) if choice.note else (),
        ),
    )


_NOWHERE = Deployments((), ())


def _placed(seen: Seen, decision: Decision) -> Decision:
    if seen.spec is None:
        return decision
    deployments = place(
        PlacementInput(
            seen.job, seen.spec, decision.history, decision.records, seen.live, seen.failure
        )
    )
    notes = (*decision.notes, deployments.note) if deployments.note else decision.notes
    return replace(decision, deployments=deployments, notes=notes)
