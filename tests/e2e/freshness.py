"""How fresh a job's table is, seen from outside: a beat into each partition, read back as a row.

A beat is an event of a user of its own, whose `updatedAt` is now. The table is as fresh as the
oldest of the newest beats that it has.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import dropwhile

from confluent_kafka import Producer

from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.demo.world import open_cassandra

_BEATS_EVERY = 0.1
_SAMPLES_EVERY = 0.5
PROGRAM = "heartbeat"


@dataclass
class Freshness:
    """Seconds by which the table was behind, sample by sample."""

    samples: list[float] = field(default_factory=list)

    @property
    def worst(self) -> float:
        """The largest of them."""
        return max(self.samples)

    def worst_once_below(self, seconds: float) -> float:
        """The largest of them from the first on that is below this many seconds."""
        return max(dropwhile(lambda sample: sample >= seconds, self.samples))


class Heart:
    """Beats into a topic until it is stopped."""

    def __init__(self, topic: str, partitions: int) -> None:
        self._topic, self._partitions = topic, partitions
        self._over = threading.Event()
        self._producer = Producer({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}", "linger.ms": 0})
        self._thread = threading.Thread(target=self._beat)

    def __enter__(self) -> Heart:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        assert self._producer.flush(60) == 0

    def _beat(self) -> None:
        while not self._over.wait(_BEATS_EVERY):
            for partition in range(self._partitions):
                self._producer.produce(self._topic, beat(partition), partition=partition)
            self._producer.poll(0)


def beat(partition: int) -> bytes:
    """An event whose `updatedAt` is now."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    event = {
        "programId": PROGRAM,
        "userId": f"partition-{partition}",
        "updatedAt": moment,
        "userProfile": {},
    }
    return json.dumps(event).encode()


@contextmanager
def measured(table: str, partitions: int) -> Iterator[Freshness]:
    """Look at the table every half second meanwhile; begins once the table has new beats."""
    found, over, is_alive = Freshness(), threading.Event(), threading.Event()
    began = datetime.now(UTC)

    def look() -> None:
        with open_cassandra() as session:
            query = session.prepare(
                f"SELECT updated_at FROM {table} WHERE program_id = '{PROGRAM}' AND user_id = ?"
            )
            while not over.is_set():
                started = time.monotonic()
                newest = [
                    session.execute(query, [f"partition-{number}"]).one()
                    for number in range(partitions)
                ]
                times = [row.updated_at.replace(tzinfo=UTC) for row in newest if row is not None]
                if len(times) == partitions and (is_alive.is_set() or min(times) > began):
                    found.samples.append((datetime.now(UTC) - min(times)).total_seconds())
                    is_alive.set()
                over.wait(max(0.0, _SAMPLES_EVERY - (time.monotonic() - started)))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        assert is_alive.wait(120), "no beat has reached the table"
        yield found
    finally:
        over.set()
        thread.join()
