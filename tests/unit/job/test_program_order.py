"""The order in which a call's records are mapped, and what leaves while others are."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.config.model import Cassandra, Writes
from program_user_info_job.event.rejection import Reason
from program_user_info_job.pipeline import program_order
from program_user_info_job.pipeline.call import Call
from program_user_info_job.pipeline.program_order import in_parts, likely_program
from program_user_info_job.row.event_to_row import Rules
from program_user_info_job.store.in_flight import InFlight
from program_user_info_job.store.writer import Writer
from tests.unit.job.events import NOW, event
from tests.unit.job.server import Server, answering

CASSANDRA = Cassandra(contact_points=["c:9042"], local_datacenter="dc")


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


def payload(number: int, program: str, **fields: Any) -> bytes:
    return msgspec.json.encode(event(userId=f"u{number}", programId=program, **fields))


def written(server: Server) -> list[int]:
    return [len(each) for each in server.sent]


def test_a_programs_rows_leave_together_while_other_programs_are_mapped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(program_order, "_AT_ONCE", 4)
    server = Server()
    writing = Writer(server, CASSANDRA, Writes()).begin()
    before_the_end: list[int] = []
    wait = InFlight.wait_for_all

    def wait_for_all(self: InFlight) -> Any:
        before_the_end.extend(written(server))
        return wait(self)

    monkeypatch.setattr(InFlight, "wait_for_all", wait_for_all)
    call = Call(Rules(), NOW, writing)
    with answering(server):
        call.write([(payload(n, "abc"[n % 3]), n, NOW) for n in range(15)] + [(b"{", 15, NOW)])
    assert before_the_end == [5, 5, 5]
    assert written(server) == [5, 5, 5]
    assert {n: each.reason for n, each in call.rejections.items()} == {15: Reason.INVALID_JSON}
    assert call.events == 16


def test_what_is_guessed_wrongly_travels_together_all_the_same() -> None:
    """An object before `programId` has one of its own: each record another."""
    server = Server()
    writing = Writer(server, CASSANDRA, Writes()).begin()
    decoys = [b'{"other":{"programId":"d%d"},' % n + payload(n, "a")[1:] for n in range(9)]
    call = Call(Rules(), NOW, writing)
    with answering(server):
        assert call.write([(each, n, NOW) for n, each in enumerate(decoys)]) == {}
    assert written(server) == [9]
