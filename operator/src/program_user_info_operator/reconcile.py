"""One level-triggered `reconcile(key)`: read everything, decide, apply the difference, say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import structlog

from program_user_info_operator.api import names
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.api.status import JobStatus
from program_user_info_operator.cluster.api_server import (
    CONFIG_MAP,
    FLINK_DEPLOYMENT,
    JOB,
    ApiError,
    ApiServer,
)
from program_user_info_operator.cluster.events import post_transition
from program_user_info_operator.desired.context import Bundle, Owner
from program_user_info_operator.desired.difference import needs_apply
from program_user_info_operator.desired.objects import Desired, desired_objects
from program_user_info_operator.environments.profiles import resolve_with_profiles
from program_user_info_operator.environments.resolve import Unresolved
from program_user_info_operator.observed.flink_deployment import ObservedJob, observe
from program_user_info_operator.policy.conditions import Verdict, conditions, judge, stalled
from program_user_info_operator.policy.garbage import unused_config_maps
from program_user_info_operator.policy.status import resolved_status

Object = dict[str, Any]
log = structlog.get_logger(__name__)


class Key(NamedTuple):
    """A job's place in the cluster."""

    namespace: str
    name: str


@dataclass(frozen=True)
class ProfilesRef:
    """The ConfigMap with the environments' profiles."""

    namespace: str
    name: str


class Reconciler:
    """Brings one job at a time to its desired state. Holds no state of its own."""

    def __init__(
        self,
        api: ApiServer,
        bundle: Bundle,
        profiles: ProfilesRef,
        clock: Callable[[], datetime],
    ) -> None:
        self._api = api
        self._bundle = bundle
        self._profiles = profiles
        self._clock = clock

    def reconcile(self, key: Key) -> None:
        """Converge one job; raises `ApiError` where the API server stands in the way for now."""
        job = self._api.get(JOB, key.namespace, key.name)
        if job is None or job["metadata"].get("deletionTimestamp"):
            return  # the API server collects the children by their ownerReferences
        profiles = self._api.get(CONFIG_MAP, self._profiles.namespace, self._profiles.name)
        resolution = resolve_with_profiles(job["spec"], profiles)
        if isinstance(resolution, Unresolved):
            reason = "ProfileInvalid" if resolution.in_profile else "InvalidSpec"
            self._report(job, stalled(reason, resolution.messages), None, None, None)
            return
        owner = Owner(key.name, key.namespace, job["metadata"]["uid"])
        desired = desired_objects(resolution.spec, owner, self._bundle)
        try:
            observed, verdict = self._converge(resolution.spec, desired, owner)
        except _CannotApply as refusal:
            observed, verdict = None, refusal.verdict
        self._report(job, verdict, resolution.spec, desired, observed)

    def _converge(
        self, spec: JobSpec, desired: Desired, owner: Owner
    ) -> tuple[ObservedJob | None, Verdict]:
        live = self._read_deployment(owner)
        if live is not None and live["metadata"].get("deletionTimestamp"):
            message = "waits for the Flink operator to finish deleting the previous FlinkDeployment"
            return None, Verdict("Reconciling", "Deleting", message)
        config_maps = self._own_config_maps(owner)
        self._apply(desired.config_map, config_maps.get(desired.config_map_name))
        live = self._apply(desired.flink_deployment, live)
        observed = observe(live)
        for name in unused_config_maps(config_maps, desired.config_map_name, observed):
            self._api.delete(CONFIG_MAP, owner.namespace, name)
            log.info("unused configuration deleted", config_map=name)
        return observed, judge(spec, observed)

    def _read_deployment(self, owner: Owner) -> Object | None:
        try:
            live = self._api.get(FLINK_DEPLOYMENT, owner.namespace, owner.name)
        except ApiError as error:
            if error.status != 404:
                raise
            raise _CannotApply(
                "FlinkOperatorMissing",
                "this cluster has no FlinkDeployment: install the Flink Kubernetes Operator",
            ) from error
        if live is not None and not _is_ours(live, owner):
            raise _CannotApply(
                "NameTaken",
                f"a FlinkDeployment {owner.name} exists that is not this job's: delete it, or give"
                " the job another name",
            )
        return live

    def _own_config_maps(self, owner: Owner) -> dict[str, Object]:
        selector = f"{names.LABEL_JOB}={owner.name}"
        found = self._api.list_objects(CONFIG_MAP, owner.namespace, selector)
        return {each["metadata"]["name"]: each for each in found if owner.uid in _owners(each)}

    def _apply(self, wanted: Object, live: Object | None) -> Object:
        if live is not None and not needs_apply(wanted, live):
            return live
        kind, name = wanted["kind"], wanted["metadata"]["name"]
        try:
            applied = self._api.apply(wanted)
        except ApiError as error:
            if error.is_refusal:
                raise _CannotApply(
                    f"{kind}Refused",
                    f"the API server refuses the {kind}: {error.message} — correct spec.flink, or"
                    " install a Flink operator that knows the field",
                ) from error
            raise
        log.info("applied", kind=kind, object=name, created=live is None)
        return applied

    def _report(
        self,
        job: Object,
        verdict: Verdict,
        spec: JobSpec | None,
        desired: Desired | None,
        observed: ObservedJob | None,
    ) -> None:
        """Write the status if it differs, and an Event if the state or its reason changed."""
        old = JobStatus.model_validate(job.get("status") or {})
        generation = job["metadata"]["generation"]
        new = resolved_status(old, spec, desired, observed).model_copy(
            update={
                "observed_generation": generation,
                "conditions": conditions(verdict, old.conditions, generation, self._clock()),
            }
        )
        if new == old:
            return
        metadata = {key: job["metadata"][key] for key in ("name", "namespace")}
        body = {"apiVersion": names.API_VERSION, "kind": names.KIND, "metadata": metadata}
        self._api.apply(body | {"status": new.to_json()}, subresource="status")
        previous = {each.type: each.reason for each in old.conditions if each.status == "True"}
        if previous != {verdict.state: verdict.reason}:
            log.info("condition changed", state=verdict.state, reason=verdict.reason)
            post_transition(self._api, job, verdict, self._clock())


class _CannotApply(Exception):
    """Stalled: the same request would fail again until somebody changes something."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.verdict = stalled(reason, [message])


def _is_ours(live: Object, owner: Owner) -> bool:
    """By label or by owner: an edit that took one of them away is put right, not mourned."""
    labels = live["metadata"].get("labels") or {}
    return labels.get(names.LABEL_JOB) == owner.name or owner.uid in _owners(live)


def _owners(live: Object) -> list[str]:
    references = live["metadata"].get("ownerReferences") or []
    return [reference["uid"] for reference in references]
