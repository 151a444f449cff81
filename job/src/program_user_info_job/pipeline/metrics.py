"""The write stage's Flink metrics.

Lag is the Kafka source's own metric: `pendingRecords`, `records_lag_max`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from program_user_info_job.event.rejection import Reason, Rejection


class StageMetrics:
    """`rows_written`, `rows_rejected` (labelled by reason), `write_calls` and `write_milliseconds`.

    Only counters: what PyFlink calls a distribution, Flink's Prometheus reporter shows as 0.
    """

    def __init__(self, group: Any) -> None:
        self._written = group.counter("rows_written")
        self._rejected = {
            reason: group.add_group("reason", reason.value).counter("rows_rejected")
            for reason in Reason
        }
        self._calls = group.counter("write_calls")
        self._milliseconds = group.counter("write_milliseconds")

    def record(self, written: int, rejections: Iterable[Rejection], seconds: float) -> None:
        """Count one call; its `seconds` go from the events' bytes to the last acknowledgement."""
        self._written.inc(written)
        for reason, count in Counter(rejection.reason for rejection in rejections).items():
            self._rejected[reason].inc(count)
        self._calls.inc(1)
        self._milliseconds.inc(round(seconds * 1000))
