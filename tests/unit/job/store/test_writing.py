"""One call's writes: what is sent when, and that nothing returns before it is acknowledged."""

from __future__ import annotations

import random
import threading

import pytest
from cassandra import InvalidRequest, OperationTimedOut
from hypothesis import given, settings
from hypothesis import strategies as st

from program_user_info_job.config.model import Cassandra, Writes
from program_user_info_job.row.event_to_row import Row
from program_user_info_job.store import in_flight, writer
from program_user_info_job.store.encoded_batch import EncodedBatch
from program_user_info_job.store.needed_rows import Indexed
from program_user_info_job.store.writer import Writer
from tests.unit.job.prepared import rows
from tests.unit.job.server import Server, answering

CASSANDRA = Cassandra(contact_points=["c:9042"], local_datacenter="dc")


def begin(server: Server, **limits: int) -> writer.Writing:
    return Writer(server, CASSANDRA, Writes(**limits)).begin()


def test_full_requests_leave_while_other_rows_wait_for_more_of_their_program() -> None:
    server = Server()
    writing = begin(server, batch_rows=10)
    writing.add([*rows(9, "a"), *rows(9, "b")], 0)
    assert server.sent == []
    writing.add([Indexed(99, Row("a", "last", {}, 1))], 0)
    assert [len(each) for each in server.sent] == [10]
    with answering(server):
        assert writing.finish() == {}
    assert [len(each) for each in server.sent] == [10, 9]


def test_rows_of_a_program_that_is_complete_do_not_wait() -> None:
    server = Server()
    writing = begin(server)
    writing.add([*rows(3, "a"), *rows(2, "b")], 0, ["a", "z"])
    assert [len(each) for each in server.sent] == [3]
    with answering(server):
        assert writing.finish() == {}
    assert [len(each) for each in server.sent] == [3, 2]


def test_mapping_goes_on_while_a_request_is_unanswered_and_the_end_waits_for_it() -> None:
    server = Server()
    writing = begin(server, batch_rows=1, in_flight=2)
    for number in range(5):
        writing.add(rows(1, str(number)), 0)
    assert len(server.unanswered) == 2  # and nothing has waited
    finished = threading.Event()

    def finish() -> None:
        writing.finish()
        finished.set()

    thread = threading.Thread(target=finish)
    thread.start()
    chance = random.Random(0)
    while len(server.sent) < 5 or len(server.unanswered) > 1:
        if len(server.unanswered) == 2:
            server.answer(chance, lambda _: None)
    assert not finished.wait(0.05)
    server.answer(chance, lambda _: None)
    thread.join()
    assert finished.is_set()


def test_bytes_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "HELD_BYTES", 1000)
    server = Server()
    writing = begin(server)
    writing.add(rows(3, "a"), 999)
    assert server.sent == []
    writing.add(rows(1, "b"), 1)
    assert sorted(len(each) for each in server.sent) == [1, 3]
    writing.add(rows(1, "c"), 999)
    assert len(server.sent) == 2


ROWS = st.lists(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 8), st.integers(0, 5)), max_size=12),
    max_size=6,
)


@settings(deadline=None, max_examples=60)
@given(
    parts=ROWS,
    limits=st.fixed_dictionaries({"batch_rows": st.integers(1, 5), "in_flight": st.integers(1, 4)}),
    seed=st.integers(0, 99),
    refused=st.sampled_from([None, b"u3"]),
)
def test_every_row_is_acknowledged_or_refused_once_a_call_returns(
    parts: list[list[tuple[str, int, int]]],
    limits: dict[str, int],
    seed: int,
    refused: bytes | None,
) -> None:
    server, chance = Server(), random.Random(seed)
    taken: list[bytes] = []

    def error(batch: EncodedBatch) -> Exception | None:
        statements = batch._statements_and_parameters
        if refused and any(refused in each for each in statements):
            invalid: Exception = InvalidRequest("code=2200 [Invalid query]")
            return invalid
        if chance.random() < 0.2:
            late: Exception = OperationTimedOut()
            return late
        taken.extend(statements)
        return None

    subject = Writer(server, CASSANDRA, Writes(**limits))
    writing = subject.begin()
    every: list[Indexed] = []
    with pytest.MonkeyPatch.context() as patch, answering(server, seed, error):
        patch.setattr(in_flight, "_FIRST_DELAY", 0.0001)
        for part in parts:
            items = [
                Indexed(len(every) + n, Row(program, f"u{user}", {"program_name": "x"}, stamp))
                for n, (program, user, stamp) in enumerate(part)
            ]
            every += items
            writing.add(items, 0)
        rejections = writing.finish()
    assert server.unanswered == []
    assert server.most <= limits["in_flight"]
    bad = {item.position for item in every if refused == item.row.user_id.encode()}
    assert set(rejections) == bad
    newest: dict[tuple[str, str], Row] = {}
    for item in every:
        key = (item.row.program_id, item.row.user_id)
        if item.position not in bad:
            newest[key] = max(newest.get(key, item.row), item.row, key=lambda r: r.write_timestamp)
    assert {subject._statements.encode(row) for row in newest.values()} <= set(taken)
