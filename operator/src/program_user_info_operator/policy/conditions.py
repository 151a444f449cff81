"""Ready, Reconciling, Stalled as kstatus reads them, from an ordered list of rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.status import Condition
from program_user_info_operator.observed.failure import Failure
from program_user_info_operator.observed.flink_deployment import (
    JOB_NOT_FOUND,
    Lifecycle,
    ObservedJob,
)

_LONGEST_MESSAGE = 4096
_TAKEN_UP_WITHIN = timedelta(seconds=90)


@dataclass(frozen=True)
class Verdict:
    """The job's state in one word of kstatus, and why."""

    state: Literal["Ready", "Reconciling", "Stalled"]
    reason: str
    message: str
    is_failing: bool = False
    """Whether a job under way has something wrong with it."""

    def noting(self, *notes: str) -> Verdict:
        """The same verdict with notes added to its message."""
        return replace(self, message="; ".join([self.message, *filter(None, notes)]))


@dataclass(frozen=True)
class VerdictInput:
    """What the rules look at: the FlinkDeployment of the revision that the job is to run."""

    is_suspended: bool
    """Whether it is to be."""
    observed: ObservedJob | None
    failure: Failure | None
    now: datetime


_Rule = Callable[[VerdictInput, ObservedJob], Verdict | None]


def judge(seen: VerdictInput) -> Verdict:
    """The first rule that applies decides."""
    observed = seen.observed
    if observed is None:
        return Verdict("Reconciling", "Creating", "the FlinkDeployment is being created")
    for rule in _RULES:
        verdict = rule(seen, observed)
        if verdict is not None:
            return verdict
    state = observed.job_state or "unknown"
    lifecycle = observed.lifecycle or "unknown"
    said = f"; the Flink operator reports: {observed.error}" if observed.error else ""
    return Verdict(
        "Reconciling", "Deploying", f"Flink's job is {state}, its deployment {lifecycle}{said}"
    )


def stalled(refusal: Refusal) -> Verdict:
    """The verdict on a job that waits for somebody to change something."""
    return Verdict("Stalled", refusal.reason, refusal.message)


def conditions(
    verdict: Verdict, previous: Sequence[Condition], generation: int, now: datetime
) -> list[Condition]:
    """The three conditions; a transition time changes only with its condition's status."""
    times = {each.type: (each.status, each.last_transition_time) for each in previous}

    def condition(kind: Literal["Ready", "Reconciling", "Stalled"]) -> Condition:
        status: Literal["True", "False"] = "True" if verdict.state == kind else "False"
        old_status, old_time = times.get(kind, (None, now))
        return Condition(
            type=kind,
            status=status,
            reason=verdict.reason,
            message=shortened(verdict.message, _LONGEST_MESSAGE),
            last_transition_time=old_time if status == old_status else now.replace(microsecond=0),
            observed_generation=generation,
        )

    return [condition("Ready"), condition("Reconciling"), condition("Stalled")]


def shortened(text: str, longest: int) -> str:
    """Whole, or its beginning, as far as the schema has room for it."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


# Steps on the way to a running job: together they are one Event.
_STEPS = ("Creating", "Upgrading", "Deploying", "Deleting", "Proving")


def is_transition(previous: Sequence[Condition], verdict: Verdict) -> bool:
    """Whether it deserves an Event.

    A failure stays the same one while Flink tries again, and while its deadline passes.
    """
    before = [each.reason for each in previous if each.status == "True"]
    return [_without_steps(reason) for reason in before] != [_without_steps(verdict.reason)]


def _without_steps(reason: str) -> str:
    return "UnderWay" if reason in _STEPS else reason


def _suspended(seen: VerdictInput, observed: ObservedJob) -> Verdict | None:
    # A deployment that was created suspended never gets a status from Flink's operator.
    never_ran = observed.lifecycle in (None, Lifecycle.CREATED)
    stopped = observed.lifecycle is Lifecycle.SUSPENDED and observed.is_current
    if seen.is_suspended and (never_ran or stopped):
        return Verdict("Ready", "Suspended", "suspended as spec.state asks; events wait in Kafka")
    return None


def _flink_operator_failing(_: VerdictInput, observed: ObservedJob) -> Verdict | None:
    """The job runs, but the Flink operator fails to reconcile it: no change would reach it."""
    if not observed.runs_current_spec or observed.error is None:
        return None
    return Verdict(
        "Reconciling",
        "FlinkOperatorFailing",
        f"the job runs, but the Flink operator fails to reconcile it: {observed.error} —"
        " read that operator's log; a change of spec.restartNonce deploys the job again, with"
        " a new FlinkDeployment status",
        is_failing=True,
    )


def _running(_: VerdictInput, observed: ObservedJob) -> Verdict | None:
    if observed.runs_current_spec:
        return Verdict("Ready", "Running", "the job is running")
    return None


def _not_taken_up(seen: VerdictInput, observed: ObservedJob) -> Verdict | None:
    """The Flink operator reacts neither to a new FlinkDeployment nor to a change of one."""
    since = observed.applied or observed.created
    if observed.is_current or since is None or seen.now - since < _TAKEN_UP_WITHIN:
        return None
    if observed.is_taken_up and (observed.error or observed.is_under_way):
        return None
    return Verdict(
        "Stalled",
        "FlinkOperatorSilent",
        f"the Flink operator has not picked up the FlinkDeployment since {since:%H:%M:%SZ}: check"
        " that it runs, and that it watches this namespace (watchNamespaces in its chart)",
    )


def _not_noticed(seen: VerdictInput, observed: ObservedJob) -> Verdict | None:
    if observed.is_current:
        return None
    if observed.error and observed.error != JOB_NOT_FOUND:
        return _failing(seen, observed)
    return Verdict(
        "Reconciling", "Upgrading", "the Flink operator has not picked up the new spec yet"
    )


def _failed(seen: VerdictInput, observed: ObservedJob) -> Verdict | None:
    """Errors that only Flink reports of a starting job are often transient and say little."""
    known = seen.failure is not None and not seen.failure.is_generic
    return _failing(seen, observed) if known or observed.has_failed else None


def _failing(seen: VerdictInput, observed: ObservedJob) -> Verdict:
    said = f"Flink reports: {observed.error}" if observed.error else "it gave no reason"
    failure = seen.failure or Failure(
        "JobFailing", f"the job has failed; {said} — see `kubectl logs` of its pods"
    )
    return Verdict("Reconciling", failure.reason, failure.message, is_failing=True)


_RULES: tuple[_Rule, ...] = (
    _suspended,
    _flink_operator_failing,
    _running,
    _not_taken_up,
    _not_noticed,
    _failed,
)
