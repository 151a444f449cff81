"""What the write stage counts."""

from __future__ import annotations

from program_user_info_job.event.rejection import Reason, Rejection
from program_user_info_job.pipeline.metrics import StageMetrics
from tests.unit.job.flink_metrics import Context


def test_calls_and_their_milliseconds_are_counted() -> None:
    context = Context()
    metrics = StageMetrics(context.get_metric_group())
    metrics.record(3, [], 1.25)
    metrics.record(2, [Rejection(Reason.INVALID_JSON, "")], 0.5)
    assert context.counts == {
        "rows_written": 5,
        "write_calls": 2,
        "write_milliseconds": 1750,
        "INVALID_JSON.rows_rejected": 1,
    }
