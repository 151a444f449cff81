"""What jobs are sent while they are watched: events in waves, or more than they can take."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import cycle, islice

from confluent_kafka import Producer

from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.demo.events import generate
from dev.cluster.demo.world import Kafka

_POOL = 20_000
"""Distinct events at most."""
_POOL_BYTES = 64 << 20
"""Of larger events fewer are distinct."""
_BACKLOG_BYTES = 2_500 << 20
"""Of events not yet committed that a job at full load always has before it; a checkpoint's worth
of them may already be written."""
_CHUNK_BYTES = 160 << 20
_PAUSE_SECONDS = 5.0
_WAVE_SECONDS = 300.0
_UPDATED = re.compile(rb'"updatedAt": "\d{4}-[^"]*"')

Feeder = Callable[[Kafka, str, str, threading.Event], None]
"""Sends events to a topic, which a group reads, until it is over."""


def in_waves(per_second: int) -> Feeder:
    """Send this many events in the mean, more and less of them in turn."""

    def feed(_: Kafka, topic: str, _group: str, over: threading.Event) -> None:
        producer, events = _producer(), cycle(pool())
        while not over.wait(1.0):
            wave = math.sin(time.monotonic() * 2 * math.pi / _WAVE_SECONDS)
            share = islice(events, round(per_second * (1 + wave / 2)))
            _send(producer, topic, map(as_of_now, share))

    return feed


def fully(event_bytes: int) -> Feeder:
    """Always more than the job can take; events of at least this many bytes."""

    def feed(kafka: Kafka, topic: str, group: str, over: threading.Event) -> None:
        producer, events = _producer(), pool(event_bytes)
        mean = sum(map(len, events)) // len(events)
        endless = cycle(events)
        while not over.is_set():
            if kafka.lag(topic, group) * mean < _BACKLOG_BYTES:
                _send(producer, topic, islice(endless, _CHUNK_BYTES // mean))
            else:
                over.wait(_PAUSE_SECONDS)

    return feed


def as_of_now(event: bytes) -> bytes:
    """The same event, updated now; one without a time, or with none that can be one, stays."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return _UPDATED.sub(b'"updatedAt": "%b"' % moment.encode(), event, count=1)


def pool(event_bytes: int = 0) -> list[bytes]:
    """Distinct events; each has more keys than the job reads until it is so large."""
    events = [each.payload for each in generate(_POOL, seed=3, programs=200)]
    if event_bytes == 0:
        return events
    few = events[: _POOL_BYTES // event_bytes]
    return [_enlarged(each, event_bytes) for each in few]


def _enlarged(event: bytes, event_bytes: int) -> bytes:
    """The same with a list of small objects that nothing maps; what is malformed stays as it is."""
    missing = event_bytes - len(event)
    if missing <= 0 or not event.endswith(b"}"):
        return event
    entry = b'{"code": "4a1f09", "name": "Anantapur", "isActive": true}, '
    entries = (entry * (missing // len(entry) + 1)).removesuffix(b", ")
    return event[:-1] + b', "history": [' + entries + b"]}"


def _producer() -> Producer:
    properties = {"queue.buffering.max.kbytes": 2 * _CHUNK_BYTES >> 10, "log_level": "0"}
    return Producer({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}"} | properties)


def _send(producer: Producer, topic: str, events: Iterable[bytes]) -> None:
    for payload in events:
        producer.produce(topic, payload)
        producer.poll(0)
    producer.flush(120)
