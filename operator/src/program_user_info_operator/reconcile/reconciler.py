"""Brings one job at a time to its desired state. What it knows is read anew each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import structlog

from program_user_info_operator.api import names
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.api.status import Cause, JobStatus, Outcome
from program_user_info_operator.cluster.api_server import (
    CONFIG_MAP,
    FLINK_DEPLOYMENT,
    ApiError,
    ApiServer,
)
from program_user_info_operator.desired.context import Bundle, Owner
from program_user_info_operator.desired.difference import needs_apply
from program_user_info_operator.desired.objects import Desired, reachable_from, revision_objects
from program_user_info_operator.desired.revision import Revision, read_record, record_name
from program_user_info_operator.environments.resolve import Resolved
from program_user_info_operator.observed.checkpoints import last_checkpoint
from program_user_info_operator.observed.failure import Failure
from program_user_info_operator.observed.flink_deployment import ObservedJob, observe
from program_user_info_operator.policy.choice import Choice, Situation, choose
from program_user_info_operator.policy.compatibility import Refusal
from program_user_info_operator.policy.conditions import Verdict, judge, with_plan
from program_user_info_operator.policy.garbage import unused_config_maps
from program_user_info_operator.policy.pace import next_look
from program_user_info_operator.policy.rollout import Entry, Stage
from program_user_info_operator.policy.status import Facts
from program_user_info_operator.policy.upgrade import (
    History,
    Limits,
    Plan,
    Progress,
    Wanted,
    plan_upgrade,
)
from program_user_info_operator.reconcile.blocked import Blocked
from program_user_info_operator.reconcile.keys import Key
from program_user_info_operator.reconcile.reader import Children, Reader
from program_user_info_operator.reconcile.report import Report, Reporter
from program_user_info_operator.reconcile.rollout_board import RolloutBoard

Object = dict[str, Any]
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Rules:
    """What the operator's own configuration decides."""

    bundle: Bundle
    soak: timedelta
    secret_check: timedelta


@dataclass(frozen=True)
class Look:
    """All that one reconciliation has read."""

    key: Key
    owner: Owner
    resolved: Resolved
    secrets: str | None
    children: Children
    old: JobStatus
    checkpoints: Object | None
    """What Flink says of the running job's checkpoints, if it says anything."""

    @property
    def spec(self) -> JobSpec:
        """The resolved spec."""
        return self.resolved.spec

    @cached_property
    def observed(self) -> ObservedJob | None:
        """The deployment before anything is applied."""
        return observe(self.children.deployment) if self.children.deployment else None

    @cached_property
    def records(self) -> dict[str, Revision]:
        """The recorded revisions by hash."""
        found = (read_record(each) for each in self.children.config_maps.values())
        return {each.hash: each for each in found if each is not None}

    @property
    def current(self) -> Revision | None:
        """The revision that is deployed; without a deployment, the one last asked for."""
        deployed = self.records.get((self.observed and self.observed.revision) or "")
        if deployed is not None or not self.old.revisions:
            return deployed
        return self.records.get(self.old.revisions[-1].hash)


class Reconciler:
    """Holds no state of its own but the rollout's, which is in the jobs' statuses as well."""

    def __init__(
        self,
        api: ApiServer,
        reader: Reader,
        board: RolloutBoard,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> None:
        self._api = api
        self._reader = reader
        self._board = board
        self._rules = rules
        self._clock = clock
        self._reporter = Reporter(api, clock)

    def reconcile(self, key: Key) -> timedelta | None:
        """Converge one job; when to look at it again at the latest, if at all.

        Raises `ApiError` where the API server stands in the way for now.
        """
        job = self._reader.job(key)
        if job is None or job["metadata"].get("deletionTimestamp"):
            # The API server collects the children by their ownerReferences.
            self._board.settle(key, None)
            self._reporter.forget(key)
            return None
        try:
            report, recheck = self._converge(job, key)
        except Blocked as blocked:
            report, recheck = Report(blocked.verdict, None), blocked.recheck
            self._board.settle(key, None)
        self._reporter.write(key, job, report)
        return recheck

    def counts(self) -> Counter[tuple[str, str]]:
        """Jobs by state and reason."""
        return self._reporter.counts()

    def _converge(self, job: Object, key: Key) -> tuple[Report, timedelta | None]:
        look, now = self._look(job, key), self._clock()
        choice = self._choose(look)
        failure = self._failure(look)
        plan = self._plan(look, choice, failure)
        desired = choice.wanted
        if plan.target != desired.revision.hash:
            desired = revision_objects(look.records[plan.target], look.spec, look.owner)
        if look.observed is not None and look.observed.reconciled is not None:
            desired = reachable_from(desired, look.observed.reconciled, look.spec, look.owner)
        self._settle(look, plan, choice)
        if _gives_up(look, plan):
            # Why is known only before the last good revision runs again: it is written down first.
            verdict = with_plan(judge(look.spec, look.observed, failure, now), plan, look.spec)
            return Report(verdict, Facts(look.resolved, desired, look.observed, plan, None)), _SOON
        after = self._apply_all(desired, look.children)
        if after is None:
            return Report(_WAITS_FOR_DELETION, None), timedelta(seconds=5)
        self._collect_garbage(look, desired, plan, after)
        present_failure = failure if after == look.observed else None
        verdict = judge(look.spec, after, present_failure, now)
        verdict = with_plan(verdict, plan, look.spec).noting(choice.note)
        facts = Facts(look.resolved, desired, after, plan, last_checkpoint(look.checkpoints))
        secret_check = self._rules.secret_check if look.secrets else None
        return Report(verdict, facts), next_look(plan, verdict, now, secret_check)

    def _look(self, job: Object, key: Key) -> Look:
        resolved = self._reader.resolved(job)
        owner = Owner(key.name, key.namespace, job["metadata"]["uid"])
        self._reader.check_flink_operator(resolved.spec)
        secrets = self._reader.secrets(resolved.spec, key.namespace)
        children = self._reader.children(owner)
        old = JobStatus.model_validate(job.get("status") or {})
        look = Look(key, owner, resolved, secrets, children, old, None)
        if look.observed is None or not look.observed.is_stable:
            return look
        return replace(look, checkpoints=self._reader.checkpoints(key, look.observed))

    def _choose(self, look: Look) -> Choice:
        newest = look.old.revisions[-1].hash if look.old.revisions else None
        situation = Situation(
            resolved=look.resolved,
            owner=look.owner,
            bundle=self._rules.bundle,
            secrets=look.secrets,
            current=look.current,
            newest=newest,
            reported=look.records.get(newest) if newest else None,
        )
        choice = choose(situation, lambda: self._board.ask(look.key, look.spec.environment))
        if isinstance(choice, Refusal):
            raise Blocked(choice.reason, choice.message)
        return choice

    def _failure(self, look: Look) -> Failure | None:
        observed = look.observed
        if observed is None or observed.is_stable or look.spec.state == "suspended":
            return None
        return self._reader.failure(look.key, observed)

    def _plan(self, look: Look, choice: Choice, failure: Failure | None) -> Plan:
        desired, observed, now = choice.wanted, look.observed, self._clock()
        config_hash = desired.config_map_name.rpartition("-")[2]
        wanted = Wanted(desired.revision.hash, desired.image, config_hash, choice.cause)
        ready = next((each for each in look.old.conditions if each.type == "Ready"), None)
        progress = Progress(
            runs=observed.revision if observed and observed.is_stable else None,
            # Nothing is to be learnt of a revision that nobody has tried to run.
            is_clock_stopped=look.spec.state == "suspended"
            or observed is None
            or not (observed.is_current or observed.error),
            since=ready.last_transition_time if ready else None,
            problem=judge(look.spec, observed, failure, now).message,
            lacks_checkpoint=look.checkpoints is not None
            and last_checkpoint(look.checkpoints) is None,
        )
        upgrade = look.spec.upgrade
        deadline = timedelta(milliseconds=upgrade.deadline_milliseconds)
        limits = Limits(self._rules.soak, deadline, upgrade.rollback)
        history = History(look.old.revisions, look.old.last_good_revision, frozenset(look.records))
        return plan_upgrade(history, wanted, progress, limits, now)

    def _settle(self, look: Look, plan: Plan, choice: Choice) -> None:
        """Tell the rollout where this job stands, before anything is written."""
        stage = None
        newest = plan.newest
        if choice.note:
            stage = Stage.WAITING
        elif newest.cause is Cause.RELEASE and look.spec.state == "running":
            stage = {
                Outcome.PENDING: Stage.IN_FLIGHT,
                Outcome.ROLLED_BACK: Stage.FAILED,
            }.get(newest.outcome)
        self._board.settle(look.key, Entry(look.spec.environment, stage) if stage else None)

    def _apply_all(self, desired: Desired, children: Children) -> ObservedJob | None:
        """The deployment as it is afterwards; None while the previous one is being deleted."""
        live = children.deployment
        if live is not None and live["metadata"].get("deletionTimestamp"):
            return None
        if live is not None and _is_to_be_redeployed(desired, live):
            metadata = live["metadata"]
            self._api.delete(FLINK_DEPLOYMENT, metadata["namespace"], metadata["name"])
            log.info("deleted, to be deployed anew from a savepoint")
            return None
        for wanted in (desired.config_map, desired.record):
            self._apply(wanted, children.config_maps.get(wanted["metadata"]["name"]))
        return observe(self._apply(desired.flink_deployment, live))

    def _apply(self, wanted: Object, live: Object | None) -> Object:
        if live is not None and not needs_apply(wanted, live):
            return live
        kind, name = wanted["kind"], wanted["metadata"]["name"]
        # Decided on what was read: a request that was delayed must not undo a later one.
        version = live["metadata"]["resourceVersion"] if live else None
        try:
            applied = self._api.apply(wanted, resource_version=version)
        except ApiError as error:
            if error.is_refusal:
                raise Blocked(
                    f"{kind}Refused",
                    f"the API server refuses the {kind}: {error.message} — correct spec.flink, or"
                    " install a Flink operator that knows the field",
                ) from error
            raise
        log.info("applied", kind=kind, object=name, created=live is None)
        return applied

    def _collect_garbage(
        self, look: Look, desired: Desired, plan: Plan, observed: ObservedJob
    ) -> None:
        needed = [desired.config_map_name, desired.record["metadata"]["name"]]
        if plan.good is not None:
            needed.append(record_name(look.owner.name, plan.good.hash))
        for name in unused_config_maps(look.children.config_maps, needed, observed):
            self._api.delete(CONFIG_MAP, look.owner.namespace, name)
            log.info("unused configuration deleted", config_map=name)


_SOON = timedelta(milliseconds=100)
_WAITS_FOR_DELETION = Verdict(
    "Reconciling",
    "Deleting",
    "waits for the Flink operator to finish deleting the previous FlinkDeployment",
)


def _gives_up(look: Look, plan: Plan) -> bool:
    """Whether the newest revision has failed just now."""
    known = look.old.revisions[-1].outcome if look.old.revisions else None
    return plan.newest.outcome is Outcome.ROLLED_BACK and known is not Outcome.ROLLED_BACK


def _is_to_be_redeployed(desired: Desired, live: Object) -> bool:
    wanted = desired.flink_deployment["metadata"]["annotations"][names.ANNOTATION_REDEPLOY]
    annotations = live["metadata"].get("annotations") or {}
    return bool(annotations.get(names.ANNOTATION_REDEPLOY, "0") != wanted)
