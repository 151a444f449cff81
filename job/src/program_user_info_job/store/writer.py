"""The write stage's engine: returns once every row is acknowledged or rejected, else raises."""

from __future__ import annotations

import heapq
import itertools
import random
import time
from collections.abc import Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import NamedTuple

import structlog
from cassandra import (
    InvalidRequest,
    OperationTimedOut,
    RequestExecutionException,
    Unauthorized,
)
from cassandra.cluster import NoHostAvailable, Session
from cassandra.connection import ConnectionBusy, ConnectionException
from cassandra.protocol import (
    IsBootstrappingErrorMessage,
    OverloadedErrorMessage,
    ServerError,
    TruncateError,
)

from program_user_info_job.config.model import Cassandra, Writes
from program_user_info_job.event.rejection import Reason, Rejection
from program_user_info_job.failure import FailureReason, JobFailure
from program_user_info_job.store.driver_errors import explain, explain_refusal, refusal_code
from program_user_info_job.store.needed_rows import Indexed, group_by_program
from program_user_info_job.store.statements import Batch, Statements, rows_of

_RETRYABLE = (
    OperationTimedOut,
    NoHostAvailable,
    ConnectionException,
    ConnectionBusy,
    RequestExecutionException,  # unavailable, time-outs, failures of replicas
    OverloadedErrorMessage,
    IsBootstrappingErrorMessage,
    ServerError,
    TruncateError,
)
_FIRST_DELAY = 0.1
_LONGEST_DELAY = 5.0
_WARN_INTERVAL = 10.0

log = structlog.get_logger(__name__)


class WriteGaveUp(JobFailure):
    """Cassandra did not acknowledge in time; failing the task makes Flink replay the records."""


class _Answer(NamedTuple):
    batch: Batch
    attempt: int
    error: Exception | None


class Writer:
    """Writes rows of one table with bounded work in flight and bounded retries."""

    def __init__(self, session: Session, cassandra: Cassandra, writes: Writes) -> None:
        self._session = session
        self._cassandra = cassandra
        self._writes = writes
        self._statements = Statements(session, cassandra, writes)
        self._tie = itertools.count()
        self._warned = -_WARN_INTERVAL

    def write(self, rows: Iterable[Indexed]) -> dict[int, Rejection]:
        """Write all rows; the rejections of refused ones by the position of their event.

        Returns only when each row is acknowledged or refused. Raises `WriteGaveUp` after
        `give_up_after` seconds without getting there, and `CassandraNotReady` where the server
        refuses whatever is written: a right, the table, the time to live.
        """
        deadline = time.monotonic() + self._writes.give_up_after
        refused = self._send_all(self._statements.batches(group_by_program(rows)), deadline)
        if not refused:
            return {}
        self._check_that_rows_are_taken(deadline)
        alone = itertools.chain.from_iterable(
            self._statements.batches(group_by_program([item]))
            for each in refused
            for item in rows_of(each.batch)
        )
        return {
            item.position: Rejection(Reason.REFUSED_BY_CASSANDRA, refusal_code(each.error))
            for each in self._send_all(alone, deadline)
            for item in rows_of(each.batch)
        }

    def _check_that_rows_are_taken(self, deadline: float) -> None:
        """Tell a refused row, which becomes a dead letter, from a server that takes no row at all.

        The probe writes a row and deletes it in one mutation, so that nobody ever sees it.
        """
        self._statements.prepare()  # raises where the table does not fit any more
        for each in self._send_all(iter([self._statements.probe()]), deadline):
            raise explain_refusal(self._cassandra, each.error) from each.error

    def _send_all(self, batches: Iterator[Batch], deadline: float) -> list[_Answer]:
        """Keep up to `in_flight` requests going; the answers of refused ones."""
        refused: list[_Answer] = []
        answers: SimpleQueue[_Answer] = SimpleQueue()
        waiting: list[tuple[float, int, Batch, int]] = []  # (due, tie-break, batch, attempt)
        in_flight = 0
        while True:
            while in_flight < self._writes.in_flight:
                if waiting and waiting[0][0] <= time.monotonic():
                    _, _, batch, attempt = heapq.heappop(waiting)
                elif (fresh := next(batches, None)) is not None:
                    batch, attempt = fresh, 1
                else:
                    break
                self._send(batch, attempt, answers)
                in_flight += 1
            if not in_flight and not waiting:
                return refused
            answer = _next_answer(answers, waiting[0][0] if waiting else None)
            if answer is None:
                continue
            in_flight -= 1
            if answer.error is None:
                continue
            if isinstance(answer.error, InvalidRequest):
                refused.append(answer)
            else:
                due = self._retry_at(answer, deadline)
                entry = (due, next(self._tie), answer.batch, answer.attempt + 1)
                heapq.heappush(waiting, entry)

    def _send(self, batch: Batch, attempt: int, answers: SimpleQueue[_Answer]) -> None:
        def succeeded(_: object) -> None:
            answers.put(_Answer(batch, attempt, None))

        def failed(error: Exception) -> None:
            answers.put(_Answer(batch, attempt, error))

        try:
            future = self._session.execute_async(batch.statement)
        except _RETRYABLE as error:
            failed(error)
            return
        future.add_callbacks(succeeded, failed)

    def _retry_at(self, answer: _Answer, deadline: float) -> float:
        error = answer.error
        if isinstance(error, Unauthorized):
            raise explain(self._cassandra, error) from error
        if not isinstance(error, _RETRYABLE):
            raise error or RuntimeError("no error to retry")
        delay = min(_FIRST_DELAY * 2.0 ** (answer.attempt - 1), _LONGEST_DELAY)
        due = time.monotonic() + delay * random.uniform(0.5, 1.0)
        if due > deadline:
            raise WriteGaveUp(
                FailureReason.CASSANDRA_UNREACHABLE,
                f"Cassandra did not acknowledge a write within {self._writes.give_up_after} s"
                f" ({type(error).__name__}, attempt {answer.attempt}): check that its nodes are"
                " up and reachable; the records are replayed from the last checkpoint",
            ) from error
        if time.monotonic() - self._warned >= _WARN_INTERVAL:
            log.warning("writes are retried", error=type(error).__name__, attempt=answer.attempt)
            self._warned = time.monotonic()
        return due


def _next_answer(answers: SimpleQueue[_Answer], retry_due: float | None) -> _Answer | None:
    """The next answer, or None once a waiting retry is due."""
    try:
        if retry_due is None:
            return answers.get()
        return answers.get(timeout=max(retry_due - time.monotonic(), 0.001))
    except Empty:
        return None
