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

    `events_acknowledged` counts events that are a row or a rejection; subtracted from what the
    operator has taken in, it says how many wait. The newest of them gives two moments, in
    milliseconds since the epoch, 0 before the first: `newest_record_milliseconds` by the record's
    time, `newest_update_milliseconds` by the row's write timestamp (`updatedAt`). Readers
    subtract them from the time of reading: Flink copies values when a bundle ends, and none ends
    while Cassandra is down.

    No distributions: Flink's Prometheus reporter shows what PyFlink calls so as 0.
    """

    def __init__(self, group: Any) -> None:
        self._newest_record = self._newest_update = 0
        group.gauge("newest_record_milliseconds", lambda: self._newest_record)
        group.gauge("newest_update_milliseconds", lambda: self._newest_update)
        self._acknowledged = group.counter("events_acknowledged")
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

    def acknowledge(self, events: int, newest_record: int) -> None:
        """Count events that are dealt with, of which the newest record has this time; 0: none."""
        self._acknowledged.inc(events)
        self._newest_record = max(self._newest_record, newest_record)

    def update(self, newest: int) -> None:
        """Rows are written, of which the newest has this time; 0: none."""
        self._newest_update = max(self._newest_update, newest)
