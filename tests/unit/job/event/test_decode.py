"""Bytes that are, or are not, an event."""

from __future__ import annotations

import pytest

from program_user_info_job.event.decode import decode_event
from program_user_info_job.event.rejection import Reason, Rejected
from tests.unit.job.events import rejection


@pytest.mark.parametrize(
    "payload",
    [
        None,
        b"",
        b" ",
        b"{",
        b'{"programId": "p"',
        b'{"programId": "p"}}',
        b"\xff\xfe\x00",
        b'{"unread": "\xff"}',
        b'{"programId": "\\ud800"}',
        b'{"programId": 1e999}',
        b"[1, 2",
        b"nonsense",
        b'{"updatedAt": ISODate(}',
        b'{"updatedAt": ISODate("x")',
        b'{"a": NaN}',
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_is_no_json_is_rejected_as_such(payload: bytes | None) -> None:
    assert rejection(payload).reason is Reason.INVALID_JSON


@pytest.mark.parametrize("payload", [b"[]", b"null", b"5", b'"text"', b"true", b"1.5"])
def test_json_that_is_no_object_is_rejected_as_such(payload: bytes) -> None:
    assert rejection(payload).reason is Reason.NOT_AN_OBJECT


def test_shell_constructors_are_read_outside_of_strings_only() -> None:
    payload = (
        b'{"programId": ObjectId("5f36"), "programName": "ISODate(\\"x\\") \\\\",'
        b' "updatedAt" : ISODate( "2023-01-12T06:30:56.829Z" )}'
    )
    event = decode_event(payload)
    assert event.programId == "5f36"
    assert event.programName == 'ISODate("x") \\'
    assert event.updatedAt == "2023-01-12T06:30:56.829Z"


def test_strict_json_is_never_rewritten() -> None:
    event = decode_event(b'{"programName": "ISODate(\\"x\\")"}')
    assert event.programName == 'ISODate("x")'


def test_a_rejection_names_no_value() -> None:
    with pytest.raises(Rejected) as caught:
        decode_event(b'{"programId": "asha@example.org", "userId": }')
    assert "asha" not in caught.value.rejection.detail
