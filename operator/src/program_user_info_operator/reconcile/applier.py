"""Writes what was decided: configurations and records, FlinkDeployments, then what may go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from program_user_info_operator.api import names
from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.cluster.api_server import (
    CONFIG_MAP,
    FLINK_DEPLOYMENT,
    ApiError,
    ApiServer,
)
from program_user_info_operator.desired.difference import needs_apply
from program_user_info_operator.desired.objects import Desired, ObjectMaker
from program_user_info_operator.observed.flink_deployment import ObservedJob, observe
from program_user_info_operator.policy.decision import Decision
from program_user_info_operator.policy.desired_state import Site, desired_state
from program_user_info_operator.policy.garbage import unused_config_maps
from program_user_info_operator.reconcile.gatherer import Gathered
from program_user_info_operator.reconcile.reader import Reader, is_foreign

Object = dict[str, Any]
log = structlog.get_logger(__name__)

_RETRY = timedelta(seconds=30)
"""No watch tells that a quota, a policy or a CRD has changed."""


@dataclass(frozen=True)
class Applied:
    """The FlinkDeployments as they are now, and what kept one from being as it should be."""

    live: Mapping[str, ObservedJob]
    refusal: Refusal | None = None
    waits_for_deletion: bool = False


class _Refused(Exception):
    """A write was refused, and would be refused again."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Applier:
    """Safe to use from several threads, each for another job."""

    def __init__(self, api: ApiServer, reader: Reader) -> None:
        self._api = api
        self._reader = reader

    def apply(self, gathered: Gathered, decision: Decision) -> Applied:
        """Write what differs. Raises `ApiError` if the API server refuses or does not answer."""
        live = dict(gathered.seen.live)
        spec = gathered.seen.spec
        if spec is None or not decision.deployments.wanted:
            return Applied(live)
        site = Site(
            ObjectMaker(gathered.owner, gathered.environment),
            spec,
            live,
            has_resource=gathered.has_resource,
        )
        try:
            for desired in desired_state(decision, site):
                if not self._apply_one(gathered, desired, live):
                    return Applied(live, waits_for_deletion=True)
            self._remove(gathered, decision, live)
        except _Refused as refused:
            return Applied(live, refused.refusal)
        return Applied(live)

    def _apply_one(
        self, gathered: Gathered, desired: Desired, live: dict[str, ObservedJob]
    ) -> bool:
        """Whether it is there now; not while the one before it is being deleted."""
        for wanted in (desired.config_map, desired.record):
            self._write(wanted, gathered.config_maps.get(wanted["metadata"]["name"]))
        wanted = desired.flink_deployment
        name = wanted["metadata"]["name"]
        found = gathered.deployments.get(name) or self._taken(gathered, name)
        if found is not None and "deletionTimestamp" in found["metadata"]:
            return False
        if found is not None and _is_to_be_redeployed(wanted, found):
            self._api.delete(FLINK_DEPLOYMENT, gathered.key.namespace, name)
            log.info("deleted, to be deployed again from a savepoint", deployment=name)
            return False
        live[name] = observe(self._write(wanted, found))
        return True

    def _taken(self, gathered: Gathered, name: str) -> Object | None:
        """What there is under the name of a FlinkDeployment that is to be created."""
        found = self._reader.deployment(gathered.owner, name)
        if found is not None and is_foreign(found, gathered.owner):
            raise _Refused(
                Refusal(
                    "NameTaken",
                    f"a FlinkDeployment {name} exists that does not belong to this job: delete it,"
                    " or give the job another name",
                    recheck=_RETRY,
                )
            )
        return found

    def _write(self, wanted: Object, found: Object | None) -> Object:
        if found is not None and not needs_apply(wanted, found):
            return found
        kind, name = wanted["kind"], wanted["metadata"]["name"]
        # Decided on what was read: a request that was delayed must not undo a later one.
        version = found["metadata"]["resourceVersion"] if found else None
        with _refusals(kind, f"the {kind}"):
            applied = self._api.apply(wanted, resource_version=version)
        log.info("applied", kind=kind, object=name, created=found is None)
        return applied

    def _remove(self, gathered: Gathered, decision: Decision, live: dict[str, ObservedJob]) -> None:
        """What a revision that is good or was given up leaves behind."""
        for name in decision.deployments.superfluous:
            kind = FLINK_DEPLOYMENT.name
            with _refusals(kind, f"the deletion of the {kind} {name}"):
                self._api.delete(FLINK_DEPLOYMENT, gathered.key.namespace, name)
            live.pop(name, None)
            log.info("deleted, another revision runs", deployment=name)
        going = [each for each in gathered.deployments if each not in live]
        if going:
            return
        unused = unused_config_maps(
            gathered.key.name,
            gathered.config_maps,
            decision.history,
            decision.records,
            list(live.values()),
        )
        for name in unused:
            try:
                self._api.delete(CONFIG_MAP, gathered.key.namespace, name)
            except ApiError as error:
                if not _is_final(error):
                    raise
                # It only takes room: the job must not wait for it.
                log.warning("unused configuration stays", config_map=name, error=str(error))
                return
            log.info("unused configuration deleted", config_map=name)


@contextmanager
def _refusals(kind: str, what: str) -> Iterator[None]:
    """Raise `_Refused` where the same request would be refused again."""
    try:
        yield
    except ApiError as error:
        if not _is_final(error):
            raise
        raise _Refused(_refusal(kind, what, error)) from error


def _is_final(error: ApiError) -> bool:
    return error.is_refusal or error.status == 403


def _refusal(kind: str, what: str, error: ApiError) -> Refusal:
    if error.status == 403:
        return Refusal(
            f"{kind}Denied",
            f"the API server does not allow {what}: {error.message} — change the quota, the"
            " policy, the webhook or the operator's role that forbids it; the controller tries"
            " again",
            recheck=_RETRY,
        )
    return Refusal(
        f"{kind}Refused",
        f"the API server refuses {what}: {error.message} — correct spec.flink, install a Flink"
        " operator that supports the field, or change the admission policy that refuses it; the"
        " controller tries again",
        recheck=_RETRY,
    )


def _is_to_be_redeployed(wanted: Object, found: Object) -> bool:
    asked = wanted["metadata"]["annotations"][names.ANNOTATION_REDEPLOY]
    annotations = found["metadata"].get("annotations") or {}
    return bool(annotations.get(names.ANNOTATION_REDEPLOY, "0") != asked)
