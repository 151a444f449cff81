"""What Flink's REST interface says of a running job at this moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from program_user_info_operator.api.status import Checkpoint

_SOURCE = "Source"
_LAG, _RATE = "pendingRecords", "numRecordsOutPerSecond"
_STAGE = "PythonCalc"
_TAKEN = "numRecordsIn"
_WRITTEN, _REJECTED = "rows_written", "rows_rejected"
_ACKNOWLEDGED = "events_acknowledged"
_RECORD, _UPDATE = "newest_record_milliseconds", "newest_update_milliseconds"
_OF_SOURCE = frozenset([_LAG, _RATE])
_OF_STAGE = frozenset([_TAKEN, _WRITTEN, _REJECTED, _ACKNOWLEDGED, _RECORD, _UPDATE])
AGGREGATES = "sum,max"
"""Over the subtasks of a vertex, as `read_metrics` needs them."""


@dataclass(frozen=True)
class FlinkMetrics:
    """Over all subtasks, since the job's last start; None where Flink does not say."""

    lag: int | None = None
    """Events in Kafka that the job has not read yet."""
    events_per_second: float | None = None
    written: int | None = None
    rejected: int | None = None
    checkpoint: Checkpoint | None = None
    """The last completed one."""
    waiting: int | None = None
    """Events that are neither a row nor a rejection yet: the lag, and what is being written."""
    newest_record: datetime | None = None
    """Time of the newest acknowledged event's record."""
    newest_update: datetime | None = None
    """`updatedAt` of the newest row."""

    def age(self, newest: datetime | None, now: datetime) -> float | None:
        """Seconds by which the table is behind, by one of the moments above.

        0 where nothing waits: a topic without new events makes no table stale.
        """
        if self.waiting is None or (self.waiting and newest is None):
            return None
        if not self.waiting or newest is None:
            return 0.0
        return max(0.0, (now - newest).total_seconds())


def vertices(answer: Mapping[str, Any] | None) -> list[str]:
    """Ids of the vertices in the answer of `/jobs/<id>`."""
    return [vertex["id"] for vertex in (answer or {}).get("vertices") or []]


def wanted_metrics(offered: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """Which of the metrics that a vertex offers are ours to ask for."""
    names = [str(metric["id"]) for metric in offered or []]
    return sorted(name for name in names if _meaning(name) is not None)


def read_metrics(
    metrics: Iterable[Mapping[str, Any]], checkpoint: Checkpoint | None
) -> FlinkMetrics:
    """From what `…/subtasks/metrics?get=…&agg=<AGGREGATES>` answers for all vertices."""
    sums: dict[str, float] = {}
    newest: dict[str, float] = {}
    for metric in metrics:
        meaning = _meaning(str(metric["id"]))
        if meaning is not None:
            sums[meaning] = sums.get(meaning, 0.0) + float(metric["sum"])
            newest[meaning] = max(newest.get(meaning, 0.0), float(metric["max"]))

    def whole(meaning: str) -> int | None:
        return round(sums[meaning]) if meaning in sums else None

    def moment(meaning: str) -> datetime | None:
        milliseconds = newest.get(meaning)
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None

    waiting = None
    if _LAG in sums and _TAKEN in sums:
        # Flink does not list a counter that has not counted yet.
        waiting = round(sums[_LAG] + sums[_TAKEN] - sums.get(_ACKNOWLEDGED, 0.0))
    return FlinkMetrics(
        whole(_LAG),
        sums.get(_RATE),
        whole(_WRITTEN),
        whole(_REJECTED),
        checkpoint,
        waiting,
        moment(_RECORD),
        moment(_UPDATE),
    )


def _meaning(name: str) -> str | None:
    """`Source__events[1].pendingRecords` is `pendingRecords`; None for what is of no interest."""
    operator, _, last = name.rpartition(".")
    if last in _OF_SOURCE:
        return last if operator.startswith(_SOURCE) and "." not in operator else None
    return last if last in _OF_STAGE and operator.startswith(_STAGE) else None
