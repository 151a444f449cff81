"""The status of a FlinkDeployment, as the Flink operators from 1.7 on write it.

What differs from release to release is told apart here and nowhere else:

- the generation that is reconciled stands in `status.observedGeneration` from 1.8 on, and in the
  metadata of `lastReconciledSpec` before 1.10;
- savepoints stand in `status.jobStatus.savepointInfo`, and from 1.10 on in resources of their own
  (`observed.savepoints`), unless that kind is not installed.

A field that a release does not write is not known; nothing is concluded from its absence.
`tests/data/flink-operator` holds statuses recorded from real releases.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.api.status import SavepointStatus
from program_user_info_operator.json_text import read_json
from program_user_info_operator.observed.savepoints import savepoint_in_status

_MOUNT = "FailedMount"
_UNDER_WAY = ("UPGRADING", "ROLLING_BACK")
_OVERRIDES = "pipeline.jobvertex-parallelism-overrides"
JOB_NOT_FOUND = "Job Not Found"
"""What newer Flink operators report while there is a JobManager without a job: at each start, and
for as long as the job's program waits for something."""


class Lifecycle(StrEnum):
    """`status.lifecycleState` of the Flink operator."""

    CREATED = "CREATED"
    SUSPENDED = "SUSPENDED"
    UPGRADING = "UPGRADING"
    DEPLOYED = "DEPLOYED"
    STABLE = "STABLE"
    ROLLING_BACK = "ROLLING_BACK"
    ROLLED_BACK = "ROLLED_BACK"
    FAILED = "FAILED"
    DELETING = "DELETING"
    DELETED = "DELETED"


@dataclass(frozen=True)
class ObservedJob:
    """A live FlinkDeployment; `is_current` tells whether its status is about its current spec."""

    is_current: bool
    lifecycle: Lifecycle | None
    job_state: str | None
    job_id: str | None
    error: str | None
    config_maps: frozenset[str]
    """Names of the ConfigMaps that the current or the last reconciled spec mounts."""
    revision: str | None = None
    """The revision that its current spec is."""
    is_taken_up: bool = True
    """Whether the Flink operator has put its finalizer or a status on it."""
    reconciled: Mapping[str, Any] | None = None
    """`spec` that the Flink operator has last deployed."""
    created: datetime | None = None
    last_savepoint: SavepointStatus | None = None
    job_manager: str | None = None
    """`jobManagerDeploymentStatus`."""
    error_reason: str | None = None
    """Kubernetes' reason for the error, where the Flink operator names it: `ErrImagePull`."""
    parallelism: int | None = None
    """Task slots that the job was last deployed with; 0 while it is suspended."""
    applied: datetime | None = None
    """When its spec was last changed by this operator."""
    is_being_deleted: bool = False
    is_under_way: bool = False
    """Whether the Flink operator says that it is in the middle of an upgrade or a roll back."""
    restart_nonce: int = 0
    redeploy_nonce: str = "0"
    """The `spec.savepoint.redeployNonce` that it was created for."""

    @property
    def has_failed(self) -> bool:
        """Whether Flink's job has failed, or its JobManager cannot be deployed."""
        return (
            self.lifecycle is Lifecycle.FAILED
            or self.job_state == "FAILED"
            # Volumes are mounted some moments after the pod is there; that is tried again.
            or (self.job_manager == "ERROR" and self.error_reason != _MOUNT)
        )

    @property
    def runs_current_spec(self) -> bool:
        """Whether its current spec runs."""
        return (
            self.is_current and self.lifecycle is Lifecycle.STABLE and self.job_state == "RUNNING"
        )


def observe(live: Mapping[str, Any]) -> ObservedJob:
    """Read a FlinkDeployment. Unknown or missing parts of its status are None."""
    status = live.get("status") or {}
    job = status.get("jobStatus") or {}
    reconciliation = status.get("reconciliationStatus") or {}
    reconciled = _parse(reconciliation.get("lastReconciledSpec"))
    stable = _parse(reconciliation.get("lastStableSpec"))
    return ObservedJob(
        is_current=_is_current(live["metadata"].get("generation"), status, reconciled),
        lifecycle=_lifecycle(status.get("lifecycleState")),
        job_state=job.get("state"),
        job_id=job.get("jobId") or None,
        error=_error_text(status.get("error")),
        config_maps=frozenset(
            name
            for spec in (live.get("spec"), reconciled.get("spec"), stable.get("spec"))
            for name in _config_maps(spec)
        ),
        revision=(live["metadata"].get("labels") or {}).get(names.LABEL_REVISION),
        is_taken_up=bool(status or live["metadata"].get("finalizers")),
        reconciled=reconciled.get("spec"),
        created=_time(live["metadata"].get("creationTimestamp")),
        last_savepoint=savepoint_in_status(job),
        job_manager=status.get("jobManagerDeploymentStatus"),
        error_reason=(_parse(status.get("error")).get("additionalMetadata") or {}).get("reason"),
        parallelism=_parallelism(status, reconciled.get("spec") or {}),
        applied=_applied(live["metadata"]),
        is_being_deleted="deletionTimestamp" in live["metadata"],
        is_under_way=reconciliation.get("state") in _UNDER_WAY,
        restart_nonce=(live.get("spec") or {}).get("restartNonce") or 0,
        redeploy_nonce=(live["metadata"].get("annotations") or {}).get(
            names.ANNOTATION_REDEPLOY, "0"
        ),
    )


def own_times(metadata: Mapping[str, Any]) -> list[dict[str, str]]:
    """Of the API server's own record of who has set which fields: when this operator did."""
    return [
        {name: entry[name] for name in ("manager", "operation", "time")}
        for entry in metadata.get("managedFields") or []
        if entry.get("manager") == names.FIELD_MANAGER
        and entry.get("operation") == "Apply"
        and "time" in entry
        and not entry.get("subresource")
    ]


def _applied(metadata: Mapping[str, Any]) -> datetime | None:
    return _time(max((entry["time"] for entry in own_times(metadata)), default=None))


def _parallelism(status: Mapping[str, Any], deployed: Mapping[str, Any]) -> int | None:
    """Of the widest vertex: the autoscaler overrides each one's in the deployed spec."""
    task_managers = (status.get("taskManager") or {}).get("replicas")
    if not task_managers:
        return None if task_managers is None else 0
    overrides = str((deployed.get("flinkConfiguration") or {}).get(_OVERRIDES) or "")
    chosen = [int(number) for number in re.findall(r":\s*'?(\d{1,9})\b", overrides)]
    asked: int | None = (deployed.get("job") or {}).get("parallelism")
    return max(chosen, default=asked)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _is_current(
    generation: int | None, status: Mapping[str, Any], reconciled: Mapping[str, Any]
) -> bool:
    """Whether the status is about this generation.

    A status that names no generation at all counts as current once a spec was reconciled: the
    soak time of a revision is longer than the moment for which that may be wrong.
    """
    if not reconciled:
        return False
    metadata = (reconciled.get("resource_metadata") or {}).get("metadata") or {}
    known = status.get("observedGeneration") or metadata.get("generation")
    return known is None or known == generation


def _lifecycle(text: str | None) -> Lifecycle | None:
    return Lifecycle(text) if text is not None and text in Lifecycle.__members__ else None


def _parse(text: str | None) -> dict[str, Any]:
    try:
        parsed = read_json(text) if text else {}
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _error_text(error: str | None) -> str | None:
    """The Flink operator's error: a JSON document from 1.3 on, the innermost message in it."""
    if not error:
        return None
    document = _parse(error)
    listed = document.get("throwableList") or []
    causes = [cause.get("message") for cause in listed if isinstance(cause, dict)]
    found = [text for text in (*causes, document.get("message")) if text]
    text = found[-1] if causes and found else (found[0] if found else error)
    return " ".join(str(text).split())[:500]


def _config_maps(spec: Any) -> list[str]:
    template = (spec or {}).get("podTemplate") or {}
    volumes = (template.get("spec") or {}).get("volumes") or []
    names = ((volume.get("configMap") or {}).get("name") for volume in volumes)
    return [name for name in names if name]
