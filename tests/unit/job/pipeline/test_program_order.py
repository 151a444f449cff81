"""The order in which a call's records are mapped."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.pipeline import program_order
from program_user_info_job.pipeline.program_order import in_parts, likely_program
from tests.unit.job.events import NOW


@pytest.mark.parametrize(
    ("payload", "program"),
    [
        (b'{"programId": "p1", "userId": "u"}', b"p1"),
        (b'{"userId":"u","programId":"p1"}', b"p1"),
        (b'{"programId" :\n {"$oid" : "p1"}}', b"p1"),
        (b'{"programId" : ObjectId("p1")}', b"p1"),
        ('{"programId": "π"}'.encode(), "π".encode()),
        # Not found: the rows of such events wait for the end of the call.
        (b'{"programId": 17, "programName": "x"}', b""),
        (b'{"programId": "a\\u00e9"}', b""),
        (b'{"program\\u0049d": "p1"}', b""),
        (b'{"userId": "u"}', b""),
        (b'{"programId": "p', b""),
        (b"", b""),
        (None, b""),
    ],
)
def test_the_program_as_it_stands_in_the_bytes(payload: bytes | None, program: bytes) -> None:
    assert likely_program(payload) == program


GUESSED = st.sampled_from(["p", "q", "r", "é"]).map(lambda text: json.dumps({"programId": text}))
NO_TEXT = st.just(b'{"programId":"\xff"}')
PAYLOADS = st.none() | st.binary(max_size=5) | GUESSED.map(str.encode) | NO_TEXT


@given(st.lists(PAYLOADS, max_size=60), st.integers(1, 9))
def test_each_record_is_in_one_part_and_a_complete_program_in_no_later_one(
    payloads: list[bytes | None], at_once: int
) -> None:
    records = [(payload, n, NOW) for n, payload in enumerate(payloads)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program_order, "_AT_ONCE", at_once)
        parts = list(in_parts(iter(records)))
    assert sorted(item for part in parts for item in part.records) == list(enumerate(records))
    assert all(0 < len(part.records) < 2 * at_once for part in parts)
    assert all(len(part.records) >= at_once for part in parts[:-1])
    over: set[str] = set()
    for part in parts:
        guessed = (likely_program(item[1][0]) for item in part.records)
        assert not over & {each.decode(errors="replace") for each in guessed}
        over |= set(part.complete)
    assert len(over) == len({likely_program(payload) for payload in payloads})


def test_records_of_one_program_keep_their_order() -> None:
    records: list[Any] = [(b'{"programId":"%d"}' % (n % 3), n, NOW) for n in range(9)]
    (part,) = in_parts(records)
    assert [position for position, _ in part.records] == [0, 3, 6, 1, 4, 7, 2, 5, 8]
    assert part.complete == ["0", "1", "2"]


def test_a_large_program_is_complete_with_the_last_of_its_parts() -> None:
    parts = list(in_parts((b'{"programId":"p"}', n, NOW) for n in range(1200)))
    assert [(len(part.records), part.complete) for part in parts] == [
        (500, []),
        (500, []),
        (200, ["p"]),
    ]
