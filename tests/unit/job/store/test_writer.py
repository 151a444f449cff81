"""What the write stage's engine makes of a server's refusals, without a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cassandra import InvalidRequest, OperationTimedOut, Unauthorized

from program_user_info_job.config.model import Cassandra, Writes
from program_user_info_job.event.rejection import Reason, Rejection
from program_user_info_job.failure import FailureReason
from program_user_info_job.store.driver_errors import CassandraNotReady
from program_user_info_job.store.encoded_batch import EncodedBatch
from program_user_info_job.store.writer import Writer
from tests.unit.job.prepared import FakeSession, rows

CASSANDRA = Cassandra(contact_points=["c:9042"], local_datacenter="dc")
INVALID = 'Error from server: code=2200 [Invalid query] message="{}"'
Answer = Callable[[EncodedBatch], Exception | None]


class Session(FakeSession):
    """Answers each request as it is told to, and keeps them."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("flat", ttl=False)
        self._answer = answer
        self.requests: list[EncodedBatch] = []

    def execute_async(self, statement: EncodedBatch) -> Any:
        self.requests.append(statement)
        error = self._answer(statement)

        class Future:
            def add_callbacks(self, succeeded: Callable[..., None], failed: Any) -> None:
                succeeded(None) if error is None else failed(error)

        return Future()


def write(answer: Answer, count: int = 5) -> tuple[dict[int, Rejection], Session]:
    session = Session(answer)
    return Writer(session, CASSANDRA, Writes()).write(rows(count)), session


def test_a_right_that_is_missing_fails_the_task_at_once() -> None:
    told = "User job has no MODIFY permission on <table k.t> or any of its parents"
    error = Unauthorized(f'Error from server: code=2100 [Unauthorized] message="{told}"')
    with pytest.raises(CassandraNotReady, match=r"no MODIFY permission on <table k\.t>") as caught:
        write(lambda _: error)
    assert caught.value.reason is FailureReason.CASSANDRA_PERMISSION_MISSING


def test_a_server_that_takes_no_row_fails_the_task_rather_than_rejecting_its_events() -> None:
    error = InvalidRequest(INVALID.format("write_consistency_levels: LOCAL_QUORUM is not allowed"))
    with pytest.raises(CassandraNotReady, match="LOCAL_QUORUM is not allowed") as caught:
        write(lambda _: error)
    assert caught.value.reason is FailureReason.CASSANDRA_REFUSES_WRITES


def test_refused_rows_are_told_by_code_and_never_in_the_servers_words() -> None:
    def answer(batch: EncodedBatch) -> Exception | None:
        said = any(b"u3" in statement for statement in batch._statements_and_parameters)
        return InvalidRequest(INVALID.format("u3 is too long")) if said else None

    rejections, session = write(answer)
    assert rejections == {3: Rejection(Reason.REFUSED_BY_CASSANDRA, "Invalid query, code 2200")}
    assert len(session.requests) == 1 + 1 + 5  # the batch, the probe, each row


def test_what_passes_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("program_user_info_job.store.in_flight._FIRST_DELAY", 0.001)
    answers = iter([OperationTimedOut(), OperationTimedOut(), None])
    assert write(lambda _: next(answers))[0] == {}
