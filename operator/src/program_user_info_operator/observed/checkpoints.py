"""What Flink's REST interface says of checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from program_user_info_operator.api.status import Checkpoint


def last_checkpoint(answer: Mapping[str, Any] | None) -> Checkpoint | None:
    """The last completed one in the answer of `/jobs/<id>/checkpoints`."""
    latest = ((answer or {}).get("latest") or {}).get("completed") or {}
    if "id" not in latest or "latest_ack_timestamp" not in latest:
        return None
    moment = datetime.fromtimestamp(latest["latest_ack_timestamp"] // 1000, tz=UTC)
    return Checkpoint(id=latest["id"], time=moment)
