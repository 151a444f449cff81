"""Single values of docs/mapping.md, in every form that events carry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.event.decode import ABSENT
from program_user_info_job.event.rejection import Reason, Rejected
from program_user_info_job.row.values import read_consent, read_id, read_text, read_timestamp
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


OBJECT_ID = {"$oid": "5f36"}


@pytest.mark.parametrize(
    ("value", "text", "identifier"),
    [
        ("a", "a", "a"),
        (" a ", " a ", " a "),
        (7, "7", "7"),
        (10**30, str(10**30), str(10**30)),
        ("", None, None),
        (" \t", None, None),
        (None, None, None),
        (ABSENT, None, None),
        (OBJECT_ID, Rejected, "5f36"),
        (OBJECT_ID | {"more": 1}, Rejected, Rejected),
        ({"$oid": OBJECT_ID}, Rejected, Rejected),
        (True, Rejected, Rejected),
        (1.5, Rejected, Rejected),
        ([], Rejected, Rejected),
        ({}, Rejected, Rejected),
    ],
)
def test_a_text_and_an_identifier(value: Any, text: Any, identifier: Any) -> None:
    for read, expected in ((read_text, text), (read_id, identifier)):
        if expected is Rejected:
            with pytest.raises(Rejected, match=r"field: .* found, text or an integer expected"):
                read(value, "field")
        else:
            assert read(value, "field") == expected


@pytest.mark.parametrize(
    ("value", "consent"),
    [
        *((True, True), (False, False), (None, False)),
        *(("true", True), ("False", False), ("TRUE", True)),
        *(("", Rejected), ("yes", Rejected), (" true", Rejected)),
        *((1, Rejected), (0.0, Rejected), ([], Rejected), (ABSENT, Rejected)),
    ],
)
def test_a_consent_is_a_boolean_or_its_name(value: Any, consent: Any) -> None:
    if consent is Rejected:
        with pytest.raises(Rejected, match=r"field: .* found, a boolean expected"):
            read_consent(value, "field")
    else:
        assert read_consent(value, "field") is consent


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_is_the_same_in_every_zone(moment: datetime) -> None:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        return  # in UTC it is not of the years 1 to 9999
    millis = (utc - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert read_timestamp(utc.isoformat(), "field") == millis
    assert read_timestamp(moment.isoformat(), "field") == millis


@given(st.integers(FIRST, LAST))
def test_milliseconds_are_the_same_in_every_form(millis: int) -> None:
    forms: list[Any] = [millis, {"$date": millis}, {"$date": {"$numberLong": str(millis)}}]
    assert {read_timestamp(form, "field") for form in forms} == {millis}
