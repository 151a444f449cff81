"""Timestamps of docs/mapping.md: their forms, the write timestamp, the bound, deletions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from program_user_info_job.event.rejection import Reason
from program_user_info_job.row.event_to_row import Row, Rules
from tests.unit.job.events import MILLIS, MOMENT, NOW, cells, convert, event, rejection

# The years 1 to 9999, as every reader of the table can show them.
FIRST = round(datetime.min.replace(tzinfo=UTC).timestamp()) * 1000
LAST = round(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()) * 1000 + 999


@pytest.mark.parametrize(
    ("value", "millis"),
    [
        (MOMENT, MILLIS),
        ("2023-01-12T06:30:56Z", MILLIS - 829),
        ("2023-01-12t06:30:56.829z", MILLIS),
        ("2023-01-12T12:00:56.829+05:30", MILLIS),
        ("2023-01-12T06:30:56.829999Z", MILLIS),
        ("2023-01-12 06:30:56.829+00:00", MILLIS),
        ({"$date": MOMENT}, MILLIS),
        ({"$date": {"$numberLong": str(MILLIS)}}, MILLIS),
        ({"$date": MILLIS}, MILLIS),
        (f'ISODate("{MOMENT}")', MILLIS),
        (MILLIS, MILLIS),
        (0, 0),
        (-1, -1),
        (None, None),
        ("1969-12-31T23:59:59.9995Z", -1),
        ("0001-01-01T00:00:00Z", FIRST),
        (FIRST, FIRST),
        (LAST, LAST),
    ],
)
def test_every_form_of_a_timestamp(value: Any, millis: int | None) -> None:
    assert cells(event(createdAt=value))["created_at"] == millis


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2023-01-12",
        "2023-01-12T06:30:56.829",
        "2023-01-12x06:30:56Z",
        "2023-13-12T06:30:56Z",
        1.5,
        10**18,
        -(10**18),
        FIRST - 1,
        LAST + 1,
        True,
        [],
        {},
        {"$date": None},
        {"$date": {"$numberLong": "12x"}},
        {"$date": {"$numberLong": 1.5}},
        {"$date": MOMENT, "more": 1},
        'ISODate("2023")',
        "ISODate(",
    ],
)
def test_an_unreadable_timestamp_is_rejected(value: Any) -> None:
    found = rejection(event(createdAt=value))
    assert found.reason is Reason.INVALID_FIELD
    assert found.detail.startswith("createdAt: ")


@pytest.mark.parametrize(
    ("fields", "offset", "timestamp", "stamp"),
    [
        ({"updatedAt": MOMENT}, 0, NOW, MILLIS * 1000),
        ({"updatedAt": MOMENT}, 7, NOW, MILLIS * 1000 + 7),
        ({"updatedAt": MOMENT}, 123_456, NOW, MILLIS * 1000 + 456),
        ({"updatedAt": "2023-01-12T06:30:56.829999Z"}, 1, NOW, MILLIS * 1000 + 1),
        ({}, 5, NOW - 10, (NOW - 10) * 1000 + 5),
        ({"updatedAt": None}, 5, NOW - 10, (NOW - 10) * 1000 + 5),
    ],
)
def test_write_timestamp(fields: dict[str, Any], offset: int, timestamp: int, stamp: int) -> None:
    row = convert(event(**fields), offset=offset, timestamp=timestamp)
    assert isinstance(row, Row)
    assert row.write_timestamp == stamp


def test_a_timestamp_beyond_the_bound_is_rejected() -> None:
    day = 86_400_000
    assert isinstance(convert(event(updatedAt=NOW + day)), Row)
    told = "more than 1 day, 0:00:00 ahead of the clock"
    late = rejection(event(updatedAt=NOW + day + 1))
    assert (late.reason, late.detail) == (Reason.TIMESTAMP_IN_FUTURE, f"updatedAt: {told}")
    other = convert(event(), timestamp=NOW + day + 1)
    assert not isinstance(other, Row)
    assert (other.reason, other.detail) == (late.reason, f"record timestamp: {told}")


def test_a_deleted_event_keeps_the_row_unless_told_to_delete_it() -> None:
    document = event(deleted=True, updatedAt=MOMENT, programName="P")
    kept = convert(document)
    assert isinstance(kept, Row)
    assert not kept.deletion
    assert kept.cells["program_name"] == "P"
    gone = convert(document, Rules(apply_deletes=True))
    assert gone == Row("p", "u", {}, MILLIS * 1000, deletion=True)
    kept = convert(event(deleted=False), Rules(apply_deletes=True))
    assert isinstance(kept, Row)
    assert not kept.deletion
