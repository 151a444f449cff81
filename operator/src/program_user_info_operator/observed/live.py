"""What Flink's REST interface says of a running job at this moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from program_user_info_operator.api.status import Checkpoint

_SOURCE = "Source"
_LAG, _RATE = "pendingRecords", "numRecordsOutPerSecond"
_WRITTEN, _REJECTED = "rows_written", "rows_rejected"


@dataclass(frozen=True)
class Live:
    """Over all subtasks, since the job's last start; None where Flink does not say."""

    lag: int | None = None
    """Events in Kafka that are yet to be read."""
    events_per_second: float | None = None
    written: int | None = None
    rejected: int | None = None
    checkpoint: Checkpoint | None = None
    """The last completed one."""


def vertices(answer: Mapping[str, Any] | None) -> list[str]:
    """Ids of the vertices in the answer of `/jobs/<id>`."""
    return [vertex["id"] for vertex in (answer or {}).get("vertices") or []]


def wanted_metrics(offered: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """Which of the metrics that a vertex offers are ours to ask for."""
    names = [str(metric["id"]) for metric in offered or []]
    return sorted(name for name in names if _meaning(name) is not None)


def live(metrics: Iterable[Mapping[str, Any]], checkpoint: Checkpoint | None) -> Live:
    """From the sums that `…/subtasks/metrics?get=…&agg=sum` answers for all vertices."""
    sums: dict[str, float] = {}
    for metric in metrics:
        meaning = _meaning(str(metric["id"]))
        if meaning is not None:
            sums[meaning] = sums.get(meaning, 0.0) + float(metric["sum"])

    def whole(meaning: str) -> int | None:
        return round(sums[meaning]) if meaning in sums else None

    return Live(whole(_LAG), sums.get(_RATE), whole(_WRITTEN), whole(_REJECTED), checkpoint)


def _meaning(name: str) -> str | None:
    """`Source__events[1].pendingRecords` is `pendingRecords`; None for what is of no interest."""
    operator, _, last = name.rpartition(".")
    if last in (_LAG, _RATE):
        return last if operator.startswith(_SOURCE) and "." not in operator else None
    return last if last in (_WRITTEN, _REJECTED) else None
