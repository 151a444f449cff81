"""Reads for a reconciliation: from the watches where there is one, else by name."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import structlog

from program_user_info_operator.api import names
from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.status import SavepointStatus
from program_user_info_operator.cluster.api_server import (
    CONFIG_MAP,
    CRD,
    FLINK_DEPLOYMENT,
    FLINK_STATE_SNAPSHOT,
    JOB,
    LEASE,
    ApiError,
    ApiServer,
    Kind,
)
from program_user_info_operator.cluster.lease import is_alive
from program_user_info_operator.desired.owner import Owner
from program_user_info_operator.environments.profiles import Profiles, read_profiles
from program_user_info_operator.observed.flink_operator import FlinkOperator, read_flink_operator
from program_user_info_operator.observed.savepoints import newest_savepoint
from program_user_info_operator.policy.keeper import is_handed_over, keeper
from program_user_info_operator.reconcile.installation import Installation, Key
from program_user_info_operator.reconcile.secret_reader import SecretReader
from program_user_info_operator.revisions.runtime_choice import FLINK_OPERATOR_RECHECK

Object = dict[str, Any]
log = structlog.get_logger(__name__)


_CRD_KEPT_SECONDS = 30.0


class Objects(Protocol):
    """The objects that are watched, as the watches have told."""

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """The object, or None."""

    def of_job(self, kind: Kind, namespace: str, job: str) -> list[Object]:
        """The objects that are the job's by their label."""


class Reader:
    """Reads for one reconciliation after the other, from several threads."""

    def __init__(
        self,
        api: ApiServer,
        installation: Installation,
        objects: Objects,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        may_make_key: bool = True,
    ) -> None:
        """`may_make_key`: whether the key for digests of Secrets may be made, if there is none."""
        self.secrets = SecretReader(api, installation, may_make_key=may_make_key)
        self._api = api
        self._installation = installation
        self._objects = objects
        self._monotonic = monotonic
        self._operator: tuple[float, FlinkOperator | None] | None = None

    def job(self, key: Key) -> Object | None:
        """The job, or None where there is none."""
        return self._objects.get(JOB, key.namespace, key.name)

    def profiles(self) -> Profiles:
        """All environments' profiles."""
        place = self._installation.profiles
        return read_profiles(self._objects.get(CONFIG_MAP, place.namespace, place.name))

    def config_maps(self, owner: Owner) -> dict[str, Object]:
        """The job's own, by name."""
        found = self._objects.of_job(CONFIG_MAP, owner.namespace, owner.name)
        return {each["metadata"]["name"]: each for each in found if _is_owned(each, owner)}

    def deployments(self, owner: Owner) -> dict[str, Object]:
        """The job's own FlinkDeployments, by name.

        By label or by owner: one that lost either by somebody's edit is still the job's.
        """
        found = self._objects.of_job(FLINK_DEPLOYMENT, owner.namespace, owner.name)
        return {each["metadata"]["name"]: each for each in found if not is_foreign(each, owner)}

    def deployment(self, owner: Owner, name: str) -> Object | None:
        """A FlinkDeployment by its name, live: one without our label is not watched."""
        return self._api.get(FLINK_DEPLOYMENT, owner.namespace, name)

    def flink_operator(self) -> FlinkOperator | Refusal:
        """The installed one."""
        now = self._monotonic()
        if self._operator is None or now - self._operator[0] > _CRD_KEPT_SECONDS:
            crd = self._api.get(CRD, None, names.FLINK_CRD)
            self._operator = (now, read_flink_operator(crd) if crd is not None else None)
        return self._operator[1] or Refusal(
            "FlinkOperatorMissing",
            "the cluster has no CRD of FlinkDeployment: install the Flink Kubernetes Operator",
            recheck=FLINK_OPERATOR_RECHECK,
        )

    def is_kept_by_another(self, job: Object, now: datetime) -> bool:
        """Whether a job is another installation's, which is alive as far as can be told."""
        place = keeper(job)
        if place in ("", str(self._installation)):
            return False
        if is_handed_over(job):
            return True
        namespace, _, name = place.partition("/")
        try:
            return is_alive(self._api.get(LEASE, namespace, name), now)
        except ApiError as error:
            if error.status != 403:
                raise
            return True

    def last_savepoint(
        self, key: Key, deployments: dict[str, SavepointStatus | None]
    ) -> SavepointStatus | None:
        """The last completed savepoint, from the FlinkDeployments' statuses and the snapshots."""
        snapshots = [
            each
            for name in deployments
            for each in self._objects.of_job(FLINK_STATE_SNAPSHOT, key.namespace, name)
        ]
        found = [
            newest_savepoint(name, in_status, snapshots) for name, in_status in deployments.items()
        ]
        known = [each for each in found if each is not None]
        return max(known, key=lambda savepoint: savepoint.time, default=None)


def is_foreign(live: Object, owner: Owner) -> bool:
    """Whether a FlinkDeployment is somebody else's."""
    labels = live["metadata"].get("labels") or {}
    return labels.get(names.LABEL_JOB) != owner.name and not _is_owned(live, owner)


def _is_owned(live: Object, owner: Owner) -> bool:
    references = live["metadata"].get("ownerReferences") or []
    return owner.uid in [reference["uid"] for reference in references]
