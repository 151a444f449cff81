"""What Flink's REST interface says of a running job, by Flink's own clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from program_user_info_operator.api.status import Checkpoint

Answer = Mapping[str, Any] | None


@dataclass(frozen=True)
class FlinkJob:
    """How long it has run since its last restart, and how its checkpoints come along.

    `checkpoint_age` is that of the last one which it has completed since it runs; None: none yet.
    """

    runs_for: timedelta
    checkpoint: Checkpoint | None
    checkpoint_age: timedelta | None


def read_flink_job(job: Answer, checkpoints: Answer) -> FlinkJob | None:
    """From the answers of `/jobs/<id>` and `/jobs/<id>/checkpoints`.

    None where they do not say: nothing is known, neither for good nor for bad. A restart is seen by
    the time of the last transition to RUNNING
    (https://nightlies.apache.org/flink/flink-docs-stable/docs/ops/rest_api/#jobs-jobid).
    """
    now = (job or {}).get("now")
    running = ((job or {}).get("timestamps") or {}).get("RUNNING")
    if not isinstance(now, int) or not isinstance(running, int) or checkpoints is None:
        return None
    completed = (checkpoints.get("latest") or {}).get("completed") or {}
    acknowledged = int(completed.get("latest_ack_timestamp") or 0)
    return FlinkJob(
        runs_for=_between(running, now) if running > 0 else timedelta(),
        checkpoint=last_checkpoint(checkpoints),
        checkpoint_age=_between(acknowledged, now) if acknowledged >= running > 0 else None,
    )


def _between(earlier: int, later: int) -> timedelta:
    return timedelta(milliseconds=max(0, later - earlier))


def last_checkpoint(answer: Answer) -> Checkpoint | None:
    """The last completed one in the answer of `/jobs/<id>/checkpoints`."""
    latest = ((answer or {}).get("latest") or {}).get("completed") or {}
    if "id" not in latest or "latest_ack_timestamp" not in latest:
        return None
    moment = datetime.fromtimestamp(latest["latest_ack_timestamp"] // 1000, tz=UTC)
    return Checkpoint(id=latest["id"], time=moment)
