"""Reads what a reconciliation goes by: live, but for the Flink operator's CRD."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.cluster.api_server import (
    CONFIG_MAP,
    CRD,
    FLINK_DEPLOYMENT,
    JOB,
    POD,
    SECRET,
    ApiError,
    ApiServer,
)
from program_user_info_operator.cluster.flink_rest import FlinkRest
from program_user_info_operator.desired.context import Owner
from program_user_info_operator.environments.profiles import resolve_with_profiles
from program_user_info_operator.environments.resolve import Resolved, Unresolved
from program_user_info_operator.observed.failure import (
    Failure,
    find_failure,
    has_restarted,
    newest,
)
from program_user_info_operator.observed.flink_deployment import ObservedJob
from program_user_info_operator.observed.flink_operator import FlinkOperator, read_flink_operator
from program_user_info_operator.observed.secrets import (
    SecretFacts,
    missing_secrets,
    secret_names,
    secrets_version,
)
from program_user_info_operator.reconcile.blocked import Blocked
from program_user_info_operator.reconcile.keys import Key, ProfilesRef

Object = dict[str, Any]

_CRD_NAME = "flinkdeployments.flink.apache.org"
_CRD_KEPT_SECONDS = 30.0
_LOG_LINES = 400
_SECRET_RECHECK = timedelta(seconds=10)
_OPERATOR_RECHECK = timedelta(seconds=30)


@dataclass(frozen=True)
class Children:
    """The job's live children."""

    deployment: Object | None
    config_maps: dict[str, Object]


class Reader:
    """Reads for one reconciliation after the other, from several threads."""

    def __init__(
        self,
        api: ApiServer,
        profiles: ProfilesRef,
        selector: str = "",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._profiles = profiles
        self._selector = selector
        self._monotonic = monotonic
        self._operator: tuple[float, FlinkOperator] | None = None

    def job(self, key: Key) -> Object | None:
        """The job, or None where there is none that is ours to keep."""
        if not self._selector:
            return self._api.get(JOB, key.namespace, key.name)
        found = self._api.list_objects(
            JOB, key.namespace, self._selector, fields=f"metadata.name={key.name}"
        )
        return found[0] if found else None

    def resolved(self, job: Object) -> Resolved:
        """The complete spec. Raises `Blocked` where there is none."""
        profiles = self._api.get(CONFIG_MAP, self._profiles.namespace, self._profiles.name)
        resolution = resolve_with_profiles(job["spec"], profiles)
        if isinstance(resolution, Unresolved):
            reason = "ProfileInvalid" if resolution.in_profile else "InvalidSpec"
            raise Blocked(reason, *resolution.messages)
        return resolution

    def secrets(self, spec: JobSpec, namespace: str) -> str | None:
        """The hash of the Secrets' versions. Raises `Blocked` where a Secret or a key is missing.

        Values are dropped as soon as the answer is read.
        """
        found = {name: self._secret(namespace, name) for name in secret_names(spec)}
        missing = missing_secrets(spec, found)
        if missing:
            raise Blocked("SecretMissing", *missing, recheck=_SECRET_RECHECK)
        return secrets_version(spec, found)

    def _secret(self, namespace: str, name: str) -> SecretFacts | None:
        try:
            secret = self._api.get(SECRET, namespace, name)
        except ApiError as error:
            if error.status != 403:
                raise
            message = (
                f"Secret {name} may not be read: allow the operator to (secrets.allowed in its"
                " chart)"
            )
            raise Blocked("SecretForbidden", message, recheck=_SECRET_RECHECK) from error
        if secret is None:
            return None
        metadata = secret["metadata"]
        version = f"{metadata['uid']}/{metadata['resourceVersion']}"
        return SecretFacts(frozenset(secret.get("data") or {}), version)

    def check_flink_operator(self, spec: JobSpec) -> None:
        """Raises `Blocked` where the installed Flink operator cannot run the job."""
        refusal = self._flink_operator().refusal(spec.flink.version)
        if refusal is not None:
            raise Blocked("FlinkVersionUnsupported", refusal, recheck=_OPERATOR_RECHECK)

    def _flink_operator(self) -> FlinkOperator:
        now = self._monotonic()
        if self._operator is None or now - self._operator[0] > _CRD_KEPT_SECONDS:
            crd = self._api.get(CRD, None, _CRD_NAME)
            if crd is None:
                message = (
                    "this cluster has no FlinkDeployment: install the Flink Kubernetes Operator"
                )
                raise Blocked("FlinkOperatorMissing", message, recheck=_OPERATOR_RECHECK)
            self._operator = (now, read_flink_operator(crd))
        return self._operator[1]

    def children(self, owner: Owner) -> Children:
        """The job's own children. Raises `Blocked` where the deployment is somebody else's."""
        live = self._api.get(FLINK_DEPLOYMENT, owner.namespace, owner.name)
        if live is not None and not _is_ours(live, owner):
            raise Blocked(
                "NameTaken",
                f"a FlinkDeployment {owner.name} exists that is not this job's: delete it, or give"
                " the job another name",
            )
        selector = f"{names.LABEL_JOB}={owner.name}"
        found = self._api.list_objects(CONFIG_MAP, owner.namespace, selector)
        own = {each["metadata"]["name"]: each for each in found if owner.uid in _owners(each)}
        return Children(live, own)

    def failure(self, key: Key, observed: ObservedJob | None) -> Failure | None:
        """Why the job does not run, as far as its pods, its log and its status tell."""
        if observed is None:
            return None
        pods = self._api.list_objects(
            POD, key.namespace, f"app={key.name},type=flink-native-kubernetes"
        )
        job_manager = newest(pods, "jobmanager")
        log = "" if job_manager is None else self._log(job_manager)
        return find_failure(pods, log, observed.error)

    def _log(self, pod: Mapping[str, Any]) -> str:
        """A container that has begun again has yet to speak: the last words before it count."""
        read = partial(
            self._api.read_log,
            pod["metadata"]["namespace"],
            pod["metadata"]["name"],
            lines=_LOG_LINES,
        )
        before = read(previous=True) if has_restarted(pod) else ""
        return f"{before}\n{read()}"

    def checkpoints(self, key: Key, observed: ObservedJob) -> Object | None:
        """Flink's own answer about checkpoints; None while it does not answer."""
        if observed.job_id is None:
            return None
        answer = FlinkRest(self._api, key.namespace, key.name).get(
            f"jobs/{observed.job_id}/checkpoints"
        )
        return answer if isinstance(answer, dict) else None


def _is_ours(live: Object, owner: Owner) -> bool:
    """By label or by owner: an edit that took one of them away is put right, not mourned."""
    labels = live["metadata"].get("labels") or {}
    return labels.get(names.LABEL_JOB) == owner.name or owner.uid in _owners(live)


def _owners(live: Object) -> list[str]:
    references = live["metadata"].get("ownerReferences") or []
    return [reference["uid"] for reference in references]
