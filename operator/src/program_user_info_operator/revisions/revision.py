"""A revision: all that a job runs, and all that made it.

What a user may change without making another revision (whether the job runs, its savepoints) is
not part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.desired.flink_line import savepoint_directory
from program_user_info_operator.desired.runtime import Runtime
from program_user_info_operator.environments.profiles import profile_id
from program_user_info_operator.hashing import short_hash

Object = dict[str, Any]

_PASSING = ("state", "savepoint")


@dataclass(frozen=True)
class Inputs:
    """What a revision was made of: its user's part, and the platform's.

    `defaults` are those of the release that rendered it. `release` names that release, `secrets` is
    the digest of the Secrets' keys that it uses.
    """

    spec: Mapping[str, Any]
    profile: Mapping[str, Any] | None
    defaults: Mapping[str, Any]
    secrets: str | None
    release: str

    @property
    def profile_id(self) -> str:
        """Names the profile by its content."""
        return profile_id(self.profile)


@dataclass(frozen=True)
class Revision:
    """`config` is the job's configuration; `deployment` the FlinkDeployment's `spec`.

    `inputs` is None in a record of a release that did not keep them.
    """

    inputs: Inputs | None
    runtime: Runtime
    config_name: str
    config: str
    deployment: Object

    @cached_property
    def hash(self) -> str:
        """Changes if and only if something else would be deployed."""
        return short_hash(self.deployment)

    @property
    def image(self) -> str:
        """Image of the job's pods."""
        image: str = self.deployment["image"]
        return image

    @property
    def config_hash(self) -> str:
        """Hash of the job's configuration."""
        return self.config_name.rpartition("-")[2]


def own_inputs(cr_spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a job's spec says, as far as it makes a revision."""
    own = {key: value for key, value in cr_spec.items() if key not in _PASSING}
    upgrade = own.get("upgrade")
    if isinstance(upgrade, Mapping) and "revision" in upgrade:
        own["upgrade"] = {key: value for key, value in upgrade.items() if key != "revision"}
    return own


def as_it_is_now(revision: Revision, spec: JobSpec, *, mode: str, restart_nonce: int) -> Object:
    """`spec` of the FlinkDeployment that runs this revision now.

    `mode` is how the Flink operator is to come to it from what runs.
    """
    job = revision.deployment["job"] | {"state": spec.state, "upgradeMode": mode}
    if spec.savepoint.trigger_nonce:
        job["savepointTriggerNonce"] = spec.savepoint.trigger_nonce
    if spec.savepoint.restore_from:
        job["initialSavepointPath"] = spec.savepoint.restore_from
    return revision.deployment | {"job": job, "restartNonce": restart_nonce}


def storage(deployment: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Where a deployment, given by its `spec`, keeps its state: directory, volume, HA or not."""
    options = deployment.get("flinkConfiguration") or {}
    template = deployment.get("podTemplate") or {}
    volumes = (template.get("spec") or {}).get("volumes") or []
    claims = [(each.get("persistentVolumeClaim") or {}).get("claimName") for each in volumes]
    claim = next((name for name in claims if name), None)
    return savepoint_directory(options), claim, options.get("high-availability.type")
