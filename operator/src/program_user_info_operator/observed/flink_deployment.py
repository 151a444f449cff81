"""The status of a FlinkDeployment, as the Flink operators from 1.7 on write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


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
    )


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
