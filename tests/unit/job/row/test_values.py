"""Timestamps of docs/mapping.md, in every form that events carry."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from program_user_info_job.event.rejection import Reason
from tests.unit.job.events import MILLIS, MOMENT, cells, event, rejection

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
