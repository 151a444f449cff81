"""What a running job's metrics say, as Flink's REST interface lists them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from program_user_info_operator.observed.flink_metrics import (
    FlinkMetrics,
    read_metrics,
    vertices,
    wanted_metrics,
)

SOURCE, STAGE = "Source__events[1]", "PythonCalc[3]"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def metric(name: str, total: float, most: float = 0.0) -> dict[str, Any]:
    return {"id": name, "sum": total, "max": most}


@pytest.mark.parametrize(
    ("name", "is_wanted"),
    [
        (f"{SOURCE}.pendingRecords", True),
        (f"{SOURCE}.numRecordsOutPerSecond", True),
        (f"{SOURCE}.numRecordsIn", False),
        (f"{SOURCE}.KafkaSourceReader.pendingRecords", False),
        ("pendingRecords", False),
        (f"{STAGE}.pendingRecords", False),
        (f"{STAGE}.numRecordsIn", True),
        (f"{STAGE}.rows_written", True),
        (f"{STAGE}.rows_rejected", True),
        (f"{STAGE}.events_acknowledged", True),
        (f"{STAGE}.newest_record_milliseconds", True),
        (f"{STAGE}.newest_update_milliseconds", True),
        (f"{STAGE}.stage.rows_written", True),
        (f"{STAGE}.reason.INVALID_JSON.rows_rejected", True),
        ("rows_written", False),
        ("Sink__dead_letters[5].numRecordsIn", False),
    ],
)
def test_only_our_metrics_are_asked_for(name: str, is_wanted: bool) -> None:
    assert wanted_metrics([{"id": name}]) == ([name] if is_wanted else [])


def test_metrics_are_asked_for_in_order() -> None:
    names = [f"{STAGE}.rows_written", f"{SOURCE}.pendingRecords"]
    assert wanted_metrics([{"id": name} for name in names]) == sorted(names)
    assert wanted_metrics(None) == []


def test_the_vertices_are_those_of_the_answer() -> None:
    assert vertices({"vertices": [{"id": "a"}, {"id": "b"}]}) == ["a", "b"]
    assert vertices({"vertices": None}) == vertices({}) == vertices(None) == []


def test_sums_are_over_all_vertices_and_times_are_the_newest() -> None:
    moment = NOW.timestamp() * 1000
    found = read_metrics(
        [
            metric(f"{SOURCE}.pendingRecords", 5),
            metric(f"{SOURCE}.numRecordsOutPerSecond", 2.5),
            metric(f"{STAGE}.numRecordsIn", 40),
            metric("PythonCalc[7].numRecordsIn", 2),
            metric(f"{STAGE}.events_acknowledged", 30),
            metric(f"{STAGE}.rows_written", 20),
            metric(f"{STAGE}.rows_rejected", 10),
            metric(f"{STAGE}.newest_record_milliseconds", 0, moment),
            metric("PythonCalc[7].newest_record_milliseconds", 0, moment - 1),
            metric(f"{STAGE}.newest_update_milliseconds", 0, moment - 60_000),
            metric("Sink__dead_letters[5].numRecordsIn", 99),
        ],
        None,
    )
    assert found == FlinkMetrics(
        lag=5,
        events_per_second=2.5,
        written=20,
        rejected=10,
        checkpoint=None,
        waiting=17,
        newest_record=NOW,
        newest_update=NOW - timedelta(minutes=1),
    )


def test_what_flink_does_not_list_is_not_known() -> None:
    assert read_metrics([], None) == FlinkMetrics()
    assert read_metrics([metric(f"{SOURCE}.pendingRecords", 5)], None) == FlinkMetrics(lag=5)


def test_counters_that_have_not_counted_yet_are_zero() -> None:
    """Nothing is acknowledged yet, and no event is newest."""
    found = read_metrics(
        [
            metric(f"{SOURCE}.pendingRecords", 5),
            metric(f"{STAGE}.numRecordsIn", 3),
            metric(f"{STAGE}.newest_record_milliseconds", 0, 0.0),
        ],
        None,
    )
    assert found.waiting == 8
    assert found.newest_record is None


@pytest.mark.parametrize(
    ("waiting", "behind", "seconds"),
    [
        (None, 60, None),
        (None, None, None),
        (3, None, None),
        (0, None, 0.0),
        (0, 60, 0.0),
        (3, 60, 60.0),
        (3, 0.5, 0.5),
        (3, -60, 0.0),
    ],
)
def test_a_table_is_behind_by_its_newest_row_if_events_wait(
    waiting: int | None, behind: float | None, seconds: float | None
) -> None:
    newest = None if behind is None else NOW - timedelta(seconds=behind)
    assert FlinkMetrics(waiting=waiting).age(newest, NOW) == seconds
