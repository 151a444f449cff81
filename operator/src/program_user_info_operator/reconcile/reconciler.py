"""Brings one job at a time to its desired state, and says how it is.

    gather --> decide --> announce --> apply --> look at what explains --> conclude, report

What is read is read again each time; nothing is remembered that is not in an object. A revision
that begins is in the status before any of it is written: wherever the process ends, the next one
knows what was begun, and no other job takes its place in a rollout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from program_user_info_operator.api.status import Change, JobStatus, Outcome
from program_user_info_operator.cluster.api_server import ApiError, ApiServer
from program_user_info_operator.policy.conclusion import (
    Conclusion,
    Outlook,
    announce,
    conclude,
    held_up_by_webhook,
)
from program_user_info_operator.policy.conditions import is_transition
from program_user_info_operator.policy.decision import Decision, decide, time_to_begin
from program_user_info_operator.policy.known_failure import known_failure, to_remember
from program_user_info_operator.policy.recheck import recheck_after
from program_user_info_operator.policy.written_status import Findings, status_of
from program_user_info_operator.reconcile.applier import Applied, Applier
from program_user_info_operator.reconcile.explainer import Explainer
from program_user_info_operator.reconcile.gatherer import Gathered, Gatherer
from program_user_info_operator.reconcile.installation import Key
from program_user_info_operator.reconcile.jobs_index import JobsIndex, wanted_changes
from program_user_info_operator.reconcile.options import Options
from program_user_info_operator.reconcile.reader import Reader
from program_user_info_operator.reconcile.status_writer import StatusWriter
from program_user_info_operator.rollout.standings import HeldUp

Object = dict[str, Any]
log = structlog.get_logger(__name__)

_ANOTHERS_RECHECK = timedelta(seconds=60)
_DELETION_RECHECK = timedelta(seconds=5)
_FORBIDDEN = 403


@dataclass
class _Answer:
    """Whether it is a job's turn, and if not, why."""

    held: HeldUp | None = None
    let_go: bool = False


class Reconciler:
    """Safe to use from several threads, each for another job."""

    def __init__(
        self,
        api: ApiServer,
        reader: Reader,
        index: JobsIndex,
        options: Options,
        clock: Callable[[], datetime],
    ) -> None:
        self._reader = reader
        self._index = index
        self._options = options
        self._clock = clock
        self._aside: set[Key] = set()
        self._gatherer = Gatherer(reader, index, options)
        self._applier = Applier(api, reader)
        self._explainer = Explainer(api)
        self._status_writer = StatusWriter(api, clock, options.installation)

    def reconcile(self, key: Key) -> timedelta | None:
        """Reconcile one job. Returns when to check it again at the latest, or None.

        Raises `ApiError` if the API server refuses or does not answer now.
        """
        job = self._reader.job(key)
        if job is None or job["metadata"].get("deletionTimestamp"):
            # The API server collects the children by their ownerReferences.
            self._index.remove(key)
            self._aside.discard(key)
            self._reader.secrets.forget(key)
            self._status_writer.forget(key)
            return None
        if self._reader.is_kept_by_another(job, self._clock()):
            self._index.step_aside(key)
            self._reader.secrets.forget(key)
            self._status_writer.leave(key, job)
            return _ANOTHERS_RECHECK
        gathered, answer = self._gatherer.gather(key, job), _Answer()
        decision = decide(
            gathered.seen, lambda changes: self._ask(gathered, answer, changes), self._clock()
        )
        try:
            recheck = self._converge(gathered, decision)
        except ApiError as error:
            if error.status == _FORBIDDEN:
                # Nothing of it can be written, so others need not wait for it.
                self._index.step_aside(key)
                self._aside.add(key)
            raise
        if key in self._aside:
            self._aside.discard(key)
            self._index.put(key, self._reader.job(key) or job)
        self._index.settle(key, answer.held, let_go=answer.let_go and decision.begins)
        return recheck

    def _ask(self, gathered: Gathered, answer: _Answer, changes: list[Change]) -> str:
        """Why it is not the job's turn with these changes; empty: it is."""
        if gathered.profiles_of is not None:
            return (
                "changes wait, because the profiles are of another release"
                f" ({gathered.profiles_of}) than the controller"
            )
        wanted = wanted_changes(changes, gathered.targets, self._clock())
        held = self._index.held_up(gathered.key, gathered.environment, wanted)
        if held is None:
            answer.let_go = True
            return ""
        answer.held = held
        return held.note

    def _converge(self, gathered: Gathered, decision: Decision) -> timedelta | None:
        job, outlook = gathered.job, Outlook(gathered.seen.live)
        announced = announce(decision, gathered.seen) if decision.begins else None
        if announced is not None:
            job = self._report(gathered, decision, announced, outlook, job)
        try:
            return self._carry_out(gathered, decision, job)
        except ApiError as error:
            said = announced
            if error.is_of_webhook:
                said = held_up_by_webhook(error.message, decision, gathered.seen, self._clock())
                self._report_held_up(job, said)
            if said is not None:
                # Now: the next try finds this condition in the status, and counts no change.
                self._status_writer.tell(job, gathered.status, said.verdict)
            raise

    def _carry_out(self, gathered: Gathered, decision: Decision, job: Object) -> timedelta | None:
        seen = gathered.seen
        applied = Applied(seen.live)
        if not seen.is_paused:
            applied = self._applier.apply(gathered, decision)
        outlook = self._look(gathered, decision, applied)
        now = self._clock()
        concluded = conclude(seen, decision, outlook, self._options.soak, now)
        job = self._report(gathered, decision, concluded, outlook, job)
        # One Event about the outcome, compared with the status before this reconciliation.
        self._status_writer.tell(job, gathered.status, concluded.verdict)
        refusal = decision.refusal or outlook.refusal
        due = [
            concluded.recheck,
            refusal.recheck if refusal is not None else None,
            _DELETION_RECHECK if outlook.waits_for_deletion else None,
        ]
        return recheck_after(concluded.verdict, concluded.history.newest, now, due)

    def _report_held_up(self, job: Object, said: Conclusion) -> None:
        """Write the condition and the stopped trial; all else that is known stays as it was.

        In the words of the first failure: the next may name another time or port, and a status
        that is written has the job looked at again at once, without back-off.
        """
        known = JobStatus.model_validate(job.get("status") or {})
        if is_transition(known.conditions, said.verdict):
            status = known.model_copy(update={"revisions": list(said.history.revisions)})
            self._status_writer.write(job, known, said.verdict, status)

    def _look(self, gathered: Gathered, decision: Decision, applied: Applied) -> Outlook:
        """Ask pods, logs and Flink, where that may tell something about the newest revision."""
        main, spec, newest = decision.deployments.main, gathered.seen.spec, decision.history.newest
        observed = applied.live.get(main.name) if main else None
        failure = flink = None
        if main is not None and observed is not None and spec and spec.state == "running":
            place = gathered.key.namespace, main.name, observed
            if not observed.runs_current_spec:
                # Until the Flink operator has picked it up, it has no pods.
                found = self._explainer.failure(*place) if observed.is_taken_up else None
                failure = known_failure(found, gathered.status.failure, observed)
            elif newest is not None and newest.outcome in (Outcome.PENDING, Outcome.FAILED):
                flink = self._explainer.flink_job(*place)
        return Outlook(applied.live, applied.refusal, failure, flink, applied.waits_for_deletion)

    def _report(
        self,
        gathered: Gathered,
        decision: Decision,
        concluded: Conclusion,
        outlook: Outlook,
        job: Object,
    ) -> Object:
        """Write what is to be said, after what the job says already; the job as it is then."""
        before = JobStatus.model_validate(job.get("status") or {})
        history, main = concluded.history, decision.deployments.main
        running = history.running
        savepoints = {name: each.last_savepoint for name, each in outlook.live.items()}
        findings = Findings(
            job=gathered.key.name,
            spec=gathered.seen.spec,
            sources=gathered.resolved.sources if gathered.resolved else None,
            history=history,
            running=decision.records.get(running.hash) if running else None,
            deployments=decision.deployments,
            live=outlook.live,
            targets=gathered.targets,
            unknown=gathered.unknown,
            exempt=gathered.exempt,
            is_overdue=time_to_begin(gathered.seen, self._clock()) is None,
            last_checkpoint=outlook.flink.checkpoint if outlook.flink else None,
            last_savepoint=self._reader.last_savepoint(gathered.key, savepoints),
            failure=to_remember(outlook.failure, outlook.live.get(main.name) if main else None),
        )
        status = status_of(before, findings, self._clock())
        return self._status_writer.write(job, before, concluded.verdict, status)
