"""One call of the write stage: what leaves for Cassandra while other records are mapped."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from program_user_info_job.config.model import Cassandra, Writes
from program_user_info_job.event.rejection import Reason
from program_user_info_job.pipeline import program_order
from program_user_info_job.pipeline.call import Call
from program_user_info_job.row.event_to_row import Rules
from program_user_info_job.store.in_flight import InFlight
from program_user_info_job.store.writer import Writer
from tests.unit.job.events import NOW, event
from tests.unit.job.server import Server, answering

CASSANDRA = Cassandra(contact_points=["c:9042"], local_datacenter="dc")


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
