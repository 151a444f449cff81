"""Completed savepoints, wherever the Flink operator writes them down.

Before 1.10, and where the FlinkStateSnapshot CRD is not installed, the last one stands in the
FlinkDeployment's status; else each one is a FlinkStateSnapshot (the Flink operator's documentation,
"Snapshots").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from program_user_info_operator.api.status import SavepointStatus

_EPOCH = datetime.fromtimestamp(0, tz=UTC)


def savepoint_in_status(job_status: Mapping[str, Any]) -> SavepointStatus | None:
    """The last savepoint in `status.jobStatus` of a FlinkDeployment."""
    info = (job_status.get("savepointInfo") or {}).get("lastSavepoint") or {}
    if not info.get("location"):
        return None
    moment = datetime.fromtimestamp((info.get("timeStamp") or 0) // 1000, tz=UTC)
    return SavepointStatus(location=info["location"], time=moment)


def newest_savepoint(
    deployment: str, in_status: SavepointStatus | None, snapshots: Iterable[Mapping[str, Any]]
) -> SavepointStatus | None:
    """The last completed savepoint of a FlinkDeployment, from its status and all snapshots."""
    found = [_completed(each) for each in snapshots if referenced_deployment(each) == deployment]
    known = [each for each in (in_status, *found) if each is not None]
    return max(known, key=lambda savepoint: savepoint.time, default=None)


def referenced_deployment(snapshot: Mapping[str, Any]) -> str | None:
    """Name of the FlinkDeployment that a FlinkStateSnapshot is of, if it is of one."""
    reference = (snapshot.get("spec") or {}).get("jobReference") or {}
    name: str | None = reference.get("name")
    return name if reference.get("kind") == "FlinkDeployment" else None


def _completed(snapshot: Mapping[str, Any]) -> SavepointStatus | None:
    status = snapshot.get("status") or {}
    is_savepoint = "savepoint" in (snapshot.get("spec") or {})
    if not is_savepoint or status.get("state") != "COMPLETED" or not status.get("path"):
        return None
    text = status.get("resultTimestamp") or snapshot["metadata"].get("creationTimestamp")
    return SavepointStatus(location=status["path"], time=_time(text))


def _time(text: str | None) -> datetime:
    """To the second: nine digits of a fraction, as the Flink operator writes, are too many."""
    if not text:
        return _EPOCH
    return datetime.fromisoformat(f"{text[:19]}+00:00")
