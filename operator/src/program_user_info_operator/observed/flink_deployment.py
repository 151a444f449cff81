"""The status of a FlinkDeployment, as the Flink operators from 1.7 on write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.api.status import SavepointStatus


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
    """A live FlinkDeployment; `is_current` tells whether its status speaks of its present spec."""

    is_current: bool
    lifecycle: Lifecycle | None
    job_state: str | None
    job_id: str | None
    error: str | None
    config_maps: frozenset[str]
    """Names of the ConfigMaps that the present or the last reconciled spec mounts."""
    revision: str | None = None
    """The revision that its present spec is."""
    is_taken_up: bool = True
    """Whether the Flink operator has put its finalizer or a status on it."""
    reconciled: Mapping[str, Any] | None = None
    """`spec` that the Flink operator has last deployed."""
    created: datetime | None = None
    last_savepoint: SavepointStatus | None = None

    @property
    def is_stable(self) -> bool:
        """Whether its present spec runs."""
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
        is_current=_generation(reconciled) == live["metadata"].get("generation"),
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
        last_savepoint=_last_savepoint(job),
    )


def _last_savepoint(job: Mapping[str, Any]) -> SavepointStatus | None:
    info = (job.get("savepointInfo") or {}).get("lastSavepoint") or {}
    if not info.get("location"):
        return None
    moment = datetime.fromtimestamp((info.get("timeStamp") or 0) // 1000, tz=UTC)
    return SavepointStatus(location=info["location"], time=moment)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _generation(reconciled: Mapping[str, Any]) -> int | None:
    resource = reconciled.get("resource_metadata") or {}
    generation: int | None = (resource.get("metadata") or {}).get("generation")
    return generation


def _lifecycle(text: str | None) -> Lifecycle | None:
    return Lifecycle(text) if text is not None and text in Lifecycle.__members__ else None


def _parse(text: str | None) -> dict[str, Any]:
    try:
        parsed = json.loads(text) if text else {}
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _error_text(error: str | None) -> str | None:
    """The Flink operator's error: a JSON document from 1.3 on, the innermost message in it."""
    if not error:
        return None
    document = _parse(error)
    causes = [cause.get("message") for cause in document.get("throwableList") or []]
    found = [text for text in (*causes, document.get("message")) if text]
    text = found[-1] if causes and found else (found[0] if found else error)
    return " ".join(str(text).split())[:500]


def _config_maps(spec: Any) -> list[str]:
    template = (spec or {}).get("podTemplate") or {}
    volumes = (template.get("spec") or {}).get("volumes") or []
    return [volume["configMap"]["name"] for volume in volumes if volume.get("configMap")]
