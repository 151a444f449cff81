"""A revision: what a job ran or was to run, recorded so that it can run again.

The record is a ConfigMap beside the configuration that it belongs to. What a user may change
without making another revision (whether the job runs, its savepoints) is not part of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.desired.job_config import CONFIG_FILE
from program_user_info_operator.hashing import short_hash

Object = dict[str, Any]

_RECORD = "revision.json"
_PASSING_INPUTS = ("state", "savepoint")


@dataclass(frozen=True)
class Revision:
    """`given`, `secrets` and `bundled` tell what made it; the rest is what it deploys."""

    given: str
    secrets: str | None
    bundled: bool
    """Whether the image is the one that a release of the operator brought: nobody pinned it."""
    config_name: str
    config: str
    deployment: Object
    """`spec` of the FlinkDeployment, without what passes from one moment to the next."""

    @property
    def hash(self) -> str:
        """Changes if and only if something else would be deployed."""
        return short_hash(self.deployment)

    @property
    def image(self) -> str:
        """Image of the job's pods."""
        image: str = self.deployment["image"]
        return image

    def present(self, spec: JobSpec) -> Object:
        """`spec` of the FlinkDeployment that runs this revision now.

        The nonce is always the present one: an older one must never be applied again.
        """
        job = self.deployment["job"] | {"state": spec.state, "upgradeMode": spec.upgrade.mode}
        if spec.savepoint.trigger_nonce:
            job["savepointTriggerNonce"] = spec.savepoint.trigger_nonce
        if spec.savepoint.restore_from:
            job["initialSavepointPath"] = spec.savepoint.restore_from
        return self.deployment | {"job": job, "restartNonce": spec.restart_nonce}


def storage(deployment: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Where a deployment, given by its `spec`, keeps its state: directory, volume, HA or not."""
    options = deployment.get("flinkConfiguration") or {}
    template = deployment.get("podTemplate") or {}
    volumes = (template.get("spec") or {}).get("volumes") or []
    claims = [(each.get("persistentVolumeClaim") or {}).get("claimName") for each in volumes]
    claim = next((name for name in claims if name), None)
    return options.get("state.savepoints.dir"), claim, options.get("high-availability.type")


def given_hash(given: Mapping[str, Any]) -> str:
    """What the CR and its profile say, as far as it makes a revision."""
    kept = {key: value for key, value in given.items() if key not in _PASSING_INPUTS}
    return short_hash(kept)


def record(revision: Revision, name: str, namespace: str) -> Object:
    """The revision as a ConfigMap of the job `name`."""
    document = {
        "given": revision.given,
        "secrets": revision.secrets,
        "bundled": revision.bundled,
        "configName": revision.config_name,
        "deployment": revision.deployment,
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": record_name(name, revision.hash), "namespace": namespace},
        "data": {
            CONFIG_FILE: revision.config,
            _RECORD: json.dumps(document, sort_keys=True),
        },
    }


def record_name(name: str, revision_hash: str) -> str:
    """Name of the ConfigMap that records a revision of the job `name`."""
    return f"{name}-revision-{revision_hash}"


def read_record(config_map: Mapping[str, Any]) -> Revision | None:
    """The revision in a ConfigMap, or None where it holds none that is whole."""
    data = config_map.get("data") or {}
    try:
        document = json.loads(data[_RECORD])
        revision = Revision(
            given=document["given"],
            secrets=document["secrets"],
            bundled=document["bundled"],
            config_name=document["configName"],
            config=data[CONFIG_FILE],
            deployment=document["deployment"],
        )
    except (KeyError, TypeError, ValueError):
        return None
    labels = config_map["metadata"].get("labels") or {}
    return revision if labels.get(names.LABEL_REVISION) == revision.hash else None
