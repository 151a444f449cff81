"""The objects of one job, each finished: labelled, owned, and with the hash of what was applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.desired.job_config import config_map
from program_user_info_operator.desired.owner import Owner
from program_user_info_operator.hashing import short_hash

Object = dict[str, Any]


@dataclass(frozen=True)
class Desired:
    """The objects that should exist for one revision of a job."""

    flink_deployment: Object
    config_map: Object
    record: Object

    def objects(self) -> list[Object]:
        """FlinkDeployment first."""
        return [self.flink_deployment, self.config_map, self.record]


@dataclass(frozen=True)
class ObjectMaker:
    """Makes the objects of one job in one environment."""

    owner: Owner
    environment: str

    def flink_deployment(
        self, name: str, spec: Mapping[str, Any], *, revision: str, redeploy_nonce: str
    ) -> Object:
        """A FlinkDeployment with this `spec`, which runs the revision of this hash."""
        document = {
            "apiVersion": names.FLINK_API_VERSION,
            "kind": names.FLINK_KIND,
            "metadata": {"name": name, "namespace": self.owner.namespace},
            "spec": dict(spec),
        }
        annotations = {names.ANNOTATION_REDEPLOY: redeploy_nonce}
        return self._finish(document, {names.LABEL_REVISION: revision}, annotations)

    def config_map(self, name: str, text: str) -> Object:
        """The job's configuration."""
        return self._finish(config_map(name, text, self.owner.namespace))

    def record(self, document: Object, revision: str) -> Object:
        """The ConfigMap that records the revision of this hash."""
        return self._finish(document, {names.LABEL_REVISION: revision})

    def _finish(
        self,
        document: Object,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> Object:
        metadata = document["metadata"] | {
            "labels": job_labels(self.owner.name, self.environment) | dict(labels or {}),
            "annotations": dict(annotations or {}),
        }
        if self.owner.uid is not None:
            metadata["ownerReferences"] = _owner_references(self.owner)
        finished = document | {"metadata": metadata}
        metadata["annotations"][names.ANNOTATION_DESIRED_HASH] = short_hash(finished)
        return finished


def job_labels(name: str, environment: str) -> dict[str, str]:
    """Labels of everything that belongs to a job, its pods too."""
    return {
        "app.kubernetes.io/name": "program-user-info-job",
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/managed-by": names.FIELD_MANAGER,
        "app.kubernetes.io/part-of": "program-user-info",
        names.LABEL_JOB: name,
        names.LABEL_ENVIRONMENT: environment,
    }


def _owner_references(owner: Owner) -> list[Object]:
    return [
        {
            "apiVersion": names.API_VERSION,
            "kind": names.KIND,
            "name": owner.name,
            "uid": owner.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]
