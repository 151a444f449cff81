"""Requests on their way: how many, in which order, and which of them are repeated."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cassandra import InvalidRequest, OperationTimedOut, ReadTimeout, Unauthorized
from cassandra.cluster import NoHostAvailable
from cassandra.connection import ConnectionBusy, ConnectionException
from cassandra.protocol import OverloadedErrorMessage, ServerError, SyntaxException
from structlog.testing import capture_logs

from program_user_info_job.config.model import Cassandra, Writes
from program_user_info_job.failure import FailureReason
from program_user_info_job.store import in_flight
from program_user_info_job.store.batches import Batch
from program_user_info_job.store.driver_errors import CassandraNotReady
from program_user_info_job.store.encoded_batch import EncodedBatch
from program_user_info_job.store.in_flight import InFlight, WriteGaveUp
from tests.unit.job.prepared import batches, rows
from tests.unit.job.server import Server

CASSANDRA = Cassandra(contact_points=["c:9042"], local_datacenter="dc")
CHANCE = random.Random(0)
LATE = OperationTimedOut()
INVALID = InvalidRequest("code=2200 [Invalid query]")


def requests(count: int) -> list[Batch]:
    """A request of one row each."""
    return [batch for number in range(count) for batch in batches(rows(1, str(number)))]


def begun(server: Server, **limits: int) -> InFlight:
    return InFlight(server, CASSANDRA, Writes(**limits))


def answer(server: Server, error: Exception | None = None) -> None:
    server.answer(CHANCE, lambda _: error)


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request is repeated without a delay."""
    monkeypatch.setattr(in_flight, "_FIRST_DELAY", 0.0)


def sent(server: Server, of: list[Batch]) -> list[int]:
    """Which requests were sent, by their numbers, in order."""
    numbers = {id(batch.statement): number for number, batch in enumerate(of)}
    return [numbers[id(statement)] for statement in server.sent]


def test_no_more_are_unanswered_than_may_be_and_each_answer_lets_another_go() -> None:
    server, batches = Server(), requests(5)
    flying = begun(server, in_flight=2)
    flying.add(iter(batches))
    flying.advance()
    assert sent(server, batches) == [0, 1]
    answer(server)
    assert sent(server, batches) == [0, 1]  # answers are taken in when the caller comes by
    flying.advance()
    assert sent(server, batches) == [0, 1, 2]


def test_a_request_is_built_when_it_is_its_turn() -> None:
    server, batches = Server(), requests(4)
    built: list[Batch] = []

    def building() -> Iterator[Batch]:
        for batch in batches:
            built.append(batch)
            yield batch

    flying = begun(server, in_flight=3)
    flying.add(building())
    assert built == []
    flying.advance()
    assert built == batches[:3]


def test_requests_leave_in_the_order_in_which_they_were_added() -> None:
    server, batches = Server(), requests(4)
    flying = begun(server)
    for part in (batches[:1], [], batches[1:]):
        flying.add(iter(part))
    flying.wait_until_sent()
    assert sent(server, batches) == [0, 1, 2, 3]
    assert len(server.unanswered) == 4


@pytest.mark.usefixtures("_at_once")
@pytest.mark.parametrize(
    "error",
    [
        LATE,
        NoHostAvailable("none", {}),
        ConnectionException("gone"),
        ConnectionBusy("full"),
        ReadTimeout("late"),
        OverloadedErrorMessage(0, "busy", None),
        ServerError(0, "bug", None),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_passes_is_repeated_before_anything_new_is_sent(error: Exception) -> None:
    server, batches = Server(), requests(2)
    flying = begun(server, in_flight=1)
    flying.add(iter(batches))
    flying.advance()
    for outcome in (error, error, None):
        answer(server, outcome)
        flying.advance()
    assert sent(server, batches) == [0, 0, 0, 1]
    answer(server)
    assert flying.wait_for_all() == []


@pytest.mark.usefixtures("_at_once")
def test_a_request_that_the_driver_cannot_even_send_is_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, batches = Server(), requests(1)
    send: Callable[[EncodedBatch], Any] = server.execute_async
    problems: Iterator[Exception | None] = iter([NoHostAvailable("none", {}), None])

    def execute_async(statement: EncodedBatch) -> Any:
        problem = next(problems)
        if problem is not None:
            raise problem
        return send(statement)

    monkeypatch.setattr(server, "execute_async", execute_async)
    flying = begun(server)
    flying.add(iter(batches))
    flying.wait_until_sent()
    flying.advance()
    assert sent(server, batches) == [0]


def test_what_the_server_refuses_is_handed_over_once_and_not_repeated() -> None:
    server, batches = Server(), requests(2)
    flying = begun(server, in_flight=1)
    flying.add(iter(batches))
    flying.advance()
    answer(server, INVALID)
    flying.advance()
    answer(server)
    (refused,) = flying.wait_for_all()
    assert (refused.batch, refused.attempt, refused.error) == (batches[0], 1, INVALID)
    assert flying.wait_for_all() == []


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (Unauthorized('code=2100 [Unauthorized] message="no right"'), CassandraNotReady),
        # A mistake of ours: no time would heal it.
        (SyntaxException(0x2000, "what?", None), SyntaxException),
        (KeyError("ours"), KeyError),
    ],
)
def test_what_does_not_pass_ends_the_call(error: Exception, raised: type[Exception]) -> None:
    server = Server()
    flying = begun(server)
    flying.add(iter(requests(1)))
    flying.advance()
    answer(server, error)
    with pytest.raises(raised):
        flying.advance()


def test_it_gives_up_where_the_next_attempt_would_be_too_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(in_flight, "_FIRST_DELAY", 1000.0)
    monkeypatch.setattr(in_flight, "_LONGEST_DELAY", 1000.0)
    server = Server()
    flying = begun(server, give_up_after=300)
    flying.add(iter(requests(1)))
    flying.advance()
    answer(server, LATE)
    with pytest.raises(WriteGaveUp) as caught:
        flying.advance()
    assert caught.value.reason is FailureReason.CASSANDRA_UNREACHABLE
    assert caught.value.message == (
        "Cassandra did not acknowledge a write within 300 s (OperationTimedOut, attempt 1): check"
        " that its nodes are up and reachable; the records are replayed from the last checkpoint"
    )


@pytest.mark.usefixtures("_at_once")
def test_repeated_writes_are_warned_of_once_in_a_while() -> None:
    server = Server()
    flying = begun(server)
    flying.add(iter(requests(3)))
    flying.advance()
    with capture_logs() as lines:
        for _ in range(3):
            answer(server, LATE)
        flying.advance()
    assert lines == [
        {
            "event": "writes are retried",
            "error": "OperationTimedOut",
            "attempt": 1,
            "log_level": "warning",
        }
    ]
