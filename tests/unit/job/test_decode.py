"""Bytes that are, or are not, an event."""

from __future__ import annotations

import time

import pytest

from program_user_info_job.event.decode import decode_event
from program_user_info_job.event.mongo_shell import to_json
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


@pytest.mark.parametrize("unit", [b'\\"', b'"', b'ISODate("', b'ISODate("\\'])
def test_the_shell_reader_is_linear_in_hostile_input(unit: bytes) -> None:
    def once(payload: bytes) -> float:
        started = time.thread_time()
        to_json(payload)
        return time.thread_time() - started

    def seconds(size: int) -> float:
        payload = b'{"a": ISODate("x"), "b": "' + unit * (size // len(unit))
        return min(once(payload) for _ in range(3))

    seconds(1_000)
    # Quadratic reading would take 256 times as long for sixteen times the input.
    assert seconds(1_600_000) < 100 * max(seconds(100_000), 1e-3)


def test_a_rejection_names_no_value() -> None:
    with pytest.raises(Rejected) as caught:
        decode_event(b'{"programId": "asha@example.org", "userId": }')
    assert "asha" not in caught.value.rejection.detail
