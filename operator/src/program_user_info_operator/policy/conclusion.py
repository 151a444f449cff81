"""What becomes of a job's newest revision, and what is said of the job, once all is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from program_user_info_operator.api import names
from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.scalars import milliseconds
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.api.status import Outcome, RevisionStatus
from program_user_info_operator.observed.failure import Failure
from program_user_info_operator.observed.flink_deployment import ObservedJob
from program_user_info_operator.observed.flink_job import FlinkJob
from program_user_info_operator.policy.conditions import (
    Verdict,
    VerdictInput,
    judge,
    shortened,
    stalled,
)
from program_user_info_operator.policy.decision import Decision, Seen, time_to_begin
from program_user_info_operator.policy.trial import Evidence, Limits, advance, next_decision
from program_user_info_operator.revisions.history import History

_OVERDUE = "DeadlineExceeded"
_PAUSED = f"the annotation {names.ANNOTATION_PAUSED} is set, so the controller changes nothing"
_UPGRADING = Verdict(
    "Reconciling", "Upgrading", "the Flink operator has not picked up the new spec yet"
)
_WAITS_FOR_DELETION = Verdict(
    "Reconciling",
    "Deleting",
    "waits for the Flink operator to finish deleting the previous FlinkDeployment",
)
_NOT_DEPLOYED = Verdict("Reconciling", "Creating", "the FlinkDeployment is being created")


@dataclass(frozen=True)
class Outlook:
    """What there is after the writes: the FlinkDeployments, and what explains how they are.

    `refusal` is what the API server refused, `flink` what Flink says of the newest revision's job.
    """

    live: Mapping[str, ObservedJob]
    refusal: Refusal | None = None
    failure: Failure | None = None
    flink: FlinkJob | None = None
    waits_for_deletion: bool = False


@dataclass(frozen=True)
class Conclusion:
    """`recheck` is when the newest revision may be good or is given up, if nothing else happens."""

    verdict: Verdict
    history: History
    recheck: timedelta | None = None


def announce(decision: Decision, seen: Seen) -> Conclusion:
    """What is said of a revision that begins, before anything of it is written."""
    return _said_of(_UPGRADING, decision, seen)


def held_up_by_webhook(said: str, decision: Decision, seen: Seen, now: datetime) -> Conclusion:
    """What is said where nothing can be written, because no webhook answers the API server.

    It is nobody's refusal: the revision's deadline does not run, and the write is tried again.
    """
    verdict = Verdict(
        "Reconciling",
        "WebhookSilent",
        f"the API server cannot write the job's objects: {said} — check that the webhook's pod runs"
        " and that its certificate is valid; the controller tries again",
        is_failing=True,
    )
    history = decision.history
    if history.newest is not None and seen.spec is not None:
        untried = Evidence(is_tried=False, is_running=False, flink=None, problem=verdict.message)
        limits = _limits(seen.spec, decision, timedelta())
        history = history.with_newest(advance(history.newest, untried, limits, now))
    return replace(_said_of(verdict, decision, seen), history=history)


def _said_of(verdict: Verdict, decision: Decision, seen: Seen) -> Conclusion:
    verdict = _beside(verdict, decision, decision.history)
    return Conclusion(_noted(verdict, decision, seen), decision.history)


def conclude(
    seen: Seen, decision: Decision, outlook: Outlook, soak: timedelta, now: datetime
) -> Conclusion:
    """Decide. `soak` is how long a revision must run to be good, unless its spec says otherwise."""
    verdict = _of_the_deployment(seen, decision, outlook, now)
    history, recheck = decision.history, None
    if history.newest is not None and seen.spec is not None:
        limits = _limits(seen.spec, decision, soak)
        evidence = _evidence(seen, decision, outlook, verdict)
        newest = advance(history.newest, evidence, limits, now)
        history, recheck = history.with_newest(newest), next_decision(newest, limits, now)
    elif history.newest is None:
        recheck = time_to_begin(seen, now)
    refusal = decision.refusal or outlook.refusal
    is_rolled_back = history.newest is not None and history.newest.outcome is Outcome.ROLLED_BACK
    if refusal is not None and not (decision.refusal is None and is_rolled_back):
        verdict = stalled(refusal)
    else:
        verdict = _by_outcome(verdict, seen, decision, history)
    return Conclusion(_noted(verdict, decision, seen), history, recheck)


def _of_the_deployment(seen: Seen, decision: Decision, outlook: Outlook, now: datetime) -> Verdict:
    main, spec = decision.deployments.main, seen.spec
    if outlook.waits_for_deletion:
        return _WAITS_FOR_DELETION
    observed = outlook.live.get(main.name) if main else None
    if observed is None:
        return _NOT_DEPLOYED
    is_suspended = spec is not None and spec.state == "suspended"
    return judge(VerdictInput(is_suspended, observed, outlook.failure, now))


def _limits(spec: JobSpec, decision: Decision, soak: timedelta) -> Limits:
    if decision.deployments.serving is not None and spec.upgrade.overlap_soak is not None:
        soak = timedelta(milliseconds=milliseconds(spec.upgrade.overlap_soak))
    deadline = timedelta(milliseconds=spec.upgrade.deadline_milliseconds)
    if soak >= deadline:
        # Else nothing could ever be good: the one is the platform's, the other the job's.
        deadline += soak
    return Limits(
        soak=soak,
        deadline=deadline,
        checkpoint_interval=timedelta(milliseconds=milliseconds(spec.checkpoints.interval)),
        # Beside a good one that still runs there is always a way back.
        can_go_back=decision.history.fallback is not None
        and (spec.upgrade.rollback or decision.deployments.serving is not None),
    )


def _evidence(seen: Seen, decision: Decision, outlook: Outlook, verdict: Verdict) -> Evidence:
    main, spec = decision.deployments.main, seen.spec
    observed = outlook.live.get(main.name) if main else None
    is_idle = seen.is_paused or spec is None or spec.state == "suspended"
    is_taken_up = observed is not None and bool(observed.is_current or observed.error)
    return Evidence(
        is_tried=not is_idle and (is_taken_up or outlook.refusal is not None),
        is_running=observed is not None and observed.runs_current_spec and outlook.refusal is None,
        flink=outlook.flink,
        problem=shortened(outlook.refusal.message if outlook.refusal else verdict.message, 1024),
    )


def _by_outcome(verdict: Verdict, seen: Seen, decision: Decision, history: History) -> Verdict:
    newest = history.newest
    deadline = seen.spec.upgrade.deadline if seen.spec else "its deadline"
    if newest is None:
        return verdict
    if newest.outcome is Outcome.ROLLED_BACK:
        return _rolled_back(newest, history, deadline)
    if newest.outcome is Outcome.FAILED and verdict.state == "Reconciling":
        message = f"{verdict.message}; not good within {deadline}"
        return Verdict("Stalled", verdict.reason if verdict.is_failing else _OVERDUE, message)
    if newest.outcome is not Outcome.PENDING:
        return verdict
    breaks = newest.trial.breaks if newest.trial else 0
    if verdict.reason == "Running" and breaks:
        told = f"it has stopped {breaks} times since revision {newest.number} was deployed"
        verdict = Verdict("Reconciling", "Proving", f"the job runs, but {told}", is_failing=True)
    return _beside(verdict, decision, history)


def _rolled_back(newest: RevisionStatus, history: History, deadline: str) -> Verdict:
    good = history.good
    runs = f"revision {good.number} ({good.image}) runs again" if good else "no good one is left"
    return Verdict(
        "Stalled",
        "UpgradeRolledBack",
        f"revision {newest.number} ({newest.image}) was not good within {deadline}:"
        f" {newest.reason} — {runs}; correct the job or its profile, or change spec.restartNonce to"
        " try again",
    )


def _beside(verdict: Verdict, decision: Decision, history: History) -> Verdict:
    """A revision on trial beside a good one is not Ready: the good one still writes."""
    serving, newest = decision.deployments.serving, history.newest
    if serving is None or newest is None or verdict.reason == "Suspended":
        return verdict
    number = max(each.number for each in history.revisions if each.hash == serving.revision)
    told = f"revision {newest.number} is being proven beside revision {number}, which still writes"
    return replace(
        verdict,
        state="Reconciling" if verdict.state == "Ready" else verdict.state,
        reason="Proving" if verdict.state == "Ready" else verdict.reason,
        message=f"{told}: {verdict.message}",
    )


def _noted(verdict: Verdict, decision: Decision, seen: Seen) -> Verdict:
    return verdict.noting(*decision.notes, *((_PAUSED,) if seen.is_paused else ()))
