"""The write stage's Flink metrics.

Lag is the Kafka source's own metric: `pendingRecords`, `records_lag_max`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from program_user_info_job.event.rejection import Reason, Rejection


class StageMetrics:
    """`rows_written`, `rows_rejected` (labelled by reason) and `write_latency_ms` (a batch's)."""

    def __init__(self, group: Any) -> None:
        self._written = group.counter("rows_written")
        self._rejected = {
            reason: group.add_group("reason", reason.value).counter("rows_rejected")
            for reason in Reason
        }
        self._latency = group.distribution("write_latency_ms")

    def record(self, written: int, rejections: Iterable[Rejection], seconds: float) -> None:
        """Count one batch; `seconds` go from its bytes to the last acknowledgement."""
        self._written.inc(written)
        for reason, count in Counter(rejection.reason for rejection in rejections).items():
            self._rejected[reason].inc(count)
        self._latency.update(round(seconds * 1000))
