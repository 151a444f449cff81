"""Requests on their way to Cassandra: bounded in number, repeated until a deadline."""

from __future__ import annotations

import heapq
import itertools
import random
import time
from collections import deque
from collections.abc import Iterator
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
from program_user_info_job.failure import FailureReason, JobFailure
from program_user_info_job.store.batches import Batch
from program_user_info_job.store.driver_errors import explain

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


class Answer(NamedTuple):
    """What became of a request; `attempt` counts from 1."""

    batch: Batch
    attempt: int
    error: Exception | None


class InFlight:
    """The requests of one call of the write stage.

    Every method may raise `WriteGaveUp`, and `CassandraNotReady` where a right is missing.
    """

    def __init__(self, session: Session, cassandra: Cassandra, writes: Writes) -> None:
        self._session = session
        self._cassandra = cassandra
        self._writes = writes
        self._fresh: deque[Iterator[Batch]] = deque()
        self._retries: list[tuple[float, int, Batch, int]] = []  # (due, tie-break, batch, attempt)
        self._tie = itertools.count()
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._count = 0
        self._refused: list[Answer] = []
        self._warned = -_WARN_INTERVAL
        self.allow_more_time()

    def allow_more_time(self) -> None:
        """Give up `give_up_after` seconds from now."""
        self._deadline = time.monotonic() + self._writes.give_up_after

    def add(self, batches: Iterator[Batch]) -> None:
        """Requests to send; they are built when it is their turn."""
        self._fresh.append(batches)

    def advance(self) -> None:
        """Take in the answers that are there and send what may be sent, without waiting."""
        self._fill()
        while not self._answers.empty():
            self._take(self._answers.get())
            self._fill()

    def wait_until_sent(self) -> None:
        """Wait until each request has been sent once; the last ones have yet to be answered."""
        self._fill()
        while self._fresh:
            self._wait()
            self._fill()

    def wait_for_all(self) -> list[Answer]:
        """Wait until each request is acknowledged or refused; the answers of refused ones."""
        self._fill()
        while self._count or self._retries:
            self._wait()
            self._fill()
        refused, self._refused = self._refused, []
        return refused

    def _fill(self) -> None:
        """Send until `in_flight` requests are unanswered; those whose retry is due come first."""
        while self._count < self._writes.in_flight:
            if self._retries and self._retries[0][0] <= time.monotonic():
                _, _, batch, attempt = heapq.heappop(self._retries)
            elif (fresh := self._next()) is not None:
                batch, attempt = fresh, 1
            else:
                return
            self._send(batch, attempt)
            self._count += 1

    def _next(self) -> Batch | None:
        while self._fresh:
            if (batch := next(self._fresh[0], None)) is not None:
                return batch
            self._fresh.popleft()
        return None

    def _send(self, batch: Batch, attempt: int) -> None:
        answers = self._answers

        def succeeded(_: object) -> None:
            answers.put(Answer(batch, attempt, None))

        def failed(error: Exception) -> None:
            answers.put(Answer(batch, attempt, error))

        try:
            future = self._session.execute_async(batch.statement)
        except _RETRYABLE as error:
            failed(error)
            return
        future.add_callbacks(succeeded, failed)

    def _wait(self) -> None:
        """Wait for the next answer, or until a retry is due."""
        due = self._retries[0][0] - time.monotonic() if self._retries else None
        try:
            answer = self._answers.get(timeout=None if due is None else max(due, 0.001))
        except Empty:
            return
        self._take(answer)

    def _take(self, answer: Answer) -> None:
        self._count -= 1
        if answer.error is None:
            return
        if isinstance(answer.error, InvalidRequest):
            self._refused.append(answer)
            return
        entry = (self._retry_at(answer), next(self._tie), answer.batch, answer.attempt + 1)
        heapq.heappush(self._retries, entry)

    def _retry_at(self, answer: Answer) -> float:
        error = answer.error
        if isinstance(error, Unauthorized):
            raise explain(self._cassandra, error) from error
        if not isinstance(error, _RETRYABLE):
            raise error or RuntimeError("no error to retry")
        delay = min(_FIRST_DELAY * 2.0 ** (answer.attempt - 1), _LONGEST_DELAY)
        due = time.monotonic() + delay * random.uniform(0.5, 1.0)
        if due > self._deadline:
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
