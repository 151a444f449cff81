"""A server that answers when it is told to."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from program_user_info_job.store.encoded_batch import EncodedBatch
from tests.unit.job.prepared import FakeSession

Callbacks = tuple[Callable[[object], None], Callable[[Exception], None]]


class Server(FakeSession):
    """Keeps requests until they are answered."""

    def __init__(self) -> None:
        super().__init__("flat", ttl=False)
        self.sent: list[EncodedBatch] = []
        self.unanswered: list[tuple[EncodedBatch, Callbacks]] = []
        self.most = 0
        self._lock = threading.Lock()

    def execute_async(self, statement: EncodedBatch) -> Any:
        server = self

        class Future:
            def add_callbacks(self, *callbacks: Any) -> None:
                with server._lock:
                    server.sent.append(statement)
                    server.unanswered.append((statement, callbacks))
                    server.most = max(server.most, len(server.unanswered))

        return Future()

    def answer(self, chance: random.Random, error: Callable[[EncodedBatch], Any]) -> None:
        """Answer any one request."""
        with self._lock:
            if not self.unanswered:
                return
            place = chance.randrange(len(self.unanswered))
            statement, (succeeded, failed) = self.unanswered.pop(place)
        problem = error(statement)
        succeeded(None) if problem is None else failed(problem)


@contextmanager
def answering(
    server: Server, seed: int = 0, error: Callable[[EncodedBatch], Any] = lambda _: None
) -> Iterator[None]:
    """In a thread of its own, as the driver does."""
    over, chance = threading.Event(), random.Random(seed)

    def run() -> None:
        while not over.wait(0.0001):
            server.answer(chance, error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
