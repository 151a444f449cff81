"""Ready, Reconciling, Stalled as kstatus reads them, from an ordered list of rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.api.status import Condition, Outcome
from program_user_info_operator.observed.failure import Failure
from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob
from program_user_info_operator.policy.upgrade import Plan


@dataclass(frozen=True)
class Verdict:
    """The job's state in one word of kstatus, and why."""

    state: Literal["Ready", "Reconciling", "Stalled"]
    reason: str
    message: str
    is_failing: bool = False
    """Whether a job under way has something wrong with it."""

    def noting(self, note: str) -> Verdict:
        """The same with something to know about a job that is otherwise ready."""
        if not note or self.state != "Ready":
            return self
        return replace(self, message=f"{self.message}; {note}")


@dataclass(frozen=True)
class View:
    """All that the rules look at."""

    spec: JobSpec
    observed: ObservedJob
    failure: Failure | None
    now: datetime


Rule = Callable[[View], Verdict | None]

_TAKEN_UP_WITHIN = timedelta(seconds=60)


def judge(
    spec: JobSpec, observed: ObservedJob | None, failure: Failure | None, now: datetime
) -> Verdict:
    """The first rule that has something to say decides."""
    if observed is None:
        return Verdict("Reconciling", "Creating", "the FlinkDeployment is being created")
    view = View(spec, observed, failure, now)
    for rule in _RULES:
        verdict = rule(view)
        if verdict is not None:
            return verdict
    state = observed.job_state or "unknown"
    lifecycle = observed.lifecycle or "unknown"
    return Verdict(
        "Reconciling", "Deploying", f"Flink's job is {state}, its deployment {lifecycle}"
    )


def with_plan(verdict: Verdict, plan: Plan, spec: JobSpec) -> Verdict:
    """What the upgrade adds: a revision that failed, with or without one to go back to."""
    newest = plan.newest
    if newest.outcome is Outcome.ROLLED_BACK:
        good = plan.good
        runs = f"revision {good.number} ({good.image}) is back" if good else "nothing is left"
        return Verdict(
            "Stalled",
            "UpgradeRolledBack",
            f"revision {newest.number} ({newest.image}) did not run stably within"
            f" {spec.upgrade.deadline}: {newest.reason} — {runs}; correct the job or its profile,"
            " or change spec.restartNonce to try again",
        )
    if plan.overdue and verdict.state == "Reconciling":
        message = f"{verdict.message}; not running stably after {spec.upgrade.deadline}"
        return Verdict("Stalled", verdict.reason, message)
    return verdict


def stalled(reason: str, messages: Sequence[str]) -> Verdict:
    """The verdict on a job that waits for somebody to change something."""
    return Verdict("Stalled", reason, "; ".join(messages))


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
            message=verdict.message,
            last_transition_time=old_time if status == old_status else now,
            observed_generation=generation,
        )

    return [condition("Ready"), condition("Reconciling"), condition("Stalled")]


def _suspended(view: View) -> Verdict | None:
    # A deployment that was created suspended never gets a status from Flink's operator.
    observed = view.observed
    never_ran = observed.lifecycle in (None, Lifecycle.CREATED)
    stopped = observed.lifecycle is Lifecycle.SUSPENDED and observed.is_current
    if view.spec.state == "suspended" and (never_ran or stopped):
        return Verdict("Ready", "Suspended", "suspended as spec.state asks; events wait in Kafka")
    return None


def _not_taken_up(view: View) -> Verdict | None:
    created = view.observed.created
    if view.observed.is_taken_up or created is None or view.now - created < _TAKEN_UP_WITHIN:
        return None
    return Verdict(
        "Stalled",
        "FlinkOperatorSilent",
        "the Flink operator does not take up the FlinkDeployment: check that it runs, and that it"
        " watches this namespace (watchNamespaces in its chart)",
    )


def _not_noticed(view: View) -> Verdict | None:
    if view.observed.is_current:
        return None
    if view.observed.error:
        return _failing(view)
    return Verdict("Reconciling", "Upgrading", "the Flink operator has yet to take up the new spec")


def _running(view: View) -> Verdict | None:
    if view.observed.is_stable:
        return Verdict("Ready", "Running", "the job is running")
    return None


def _failed(view: View) -> Verdict | None:
    observed = view.observed
    if view.failure or observed.lifecycle is Lifecycle.FAILED or observed.job_state == "FAILED":
        return _failing(view)
    return None


def _failing(view: View) -> Verdict:
    failure = view.failure or Failure(
        "JobFailing", "the job has failed without a reason; see `kubectl logs` of its pods"
    )
    return Verdict("Reconciling", failure.reason, failure.message, is_failing=True)


_RULES: tuple[Rule, ...] = (_suspended, _running, _not_taken_up, _not_noticed, _failed)
