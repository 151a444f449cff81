"""Ready, Reconciling, Stalled as kstatus reads them, from an ordered list of rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.api.status import Condition
from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob


@dataclass(frozen=True)
class Verdict:
    """The job's state in one word of kstatus, and why."""

    state: Literal["Ready", "Reconciling", "Stalled"]
    reason: str
    message: str


Rule = Callable[[JobSpec, ObservedJob], Verdict | None]


def judge(spec: JobSpec, observed: ObservedJob | None) -> Verdict:
    """The first rule that has something to say decides."""
    if observed is None:
        return Verdict("Reconciling", "Creating", "the FlinkDeployment is being created")
    for rule in _RULES:
        verdict = rule(spec, observed)
        if verdict is not None:
            return verdict
    state = observed.job_state or "unknown"
    lifecycle = observed.lifecycle or "unknown"
    return Verdict(
        "Reconciling", "Deploying", f"Flink's job is {state}, its deployment {lifecycle}"
    )


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


def _suspended(spec: JobSpec, observed: ObservedJob) -> Verdict | None:
    # A deployment that was created suspended never gets a status from Flink's operator.
    never_ran = observed.lifecycle in (None, Lifecycle.CREATED)
    stopped = observed.lifecycle is Lifecycle.SUSPENDED and observed.is_current
    if spec.state == "suspended" and (never_ran or stopped):
        return Verdict("Ready", "Suspended", "suspended as spec.state asks; events wait in Kafka")
    return None


def _not_noticed(_: JobSpec, observed: ObservedJob) -> Verdict | None:
    if observed.is_current:
        return None
    if observed.error:
        return _failing(observed.error)
    return Verdict("Reconciling", "Upgrading", "the Flink operator has yet to take up the new spec")


def _running(_: JobSpec, observed: ObservedJob) -> Verdict | None:
    if observed.lifecycle is Lifecycle.STABLE and observed.job_state == "RUNNING":
        return Verdict("Ready", "Running", "the job is running")
    return None


def _failed(_: JobSpec, observed: ObservedJob) -> Verdict | None:
    if observed.error or observed.lifecycle is Lifecycle.FAILED or observed.job_state == "FAILED":
        return _failing(observed.error or "Flink gives no reason")
    return None


def _failing(error: str) -> Verdict:
    message = f"Flink reports: {error} — see `kubectl logs` of the job's pods; retried meanwhile"
    return Verdict("Reconciling", "JobFailing", message)


_RULES: tuple[Rule, ...] = (_suspended, _not_noticed, _running, _failed)
