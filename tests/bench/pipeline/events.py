"""The events that everything measured reads: all distinct, with their places in the topic."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Producer

from dev.cluster.demo.events import generate
from dev.cluster.demo.fold import Key, Record, Row, fold
from dev.cluster.demo.world import PARTITIONS, Kafka
from dev.steps import StepFailed, step

_PROGRAMS = 200
_MALFORMED_TENTHS = 10  # the generator's 1 % are thinned to 0.1 %
_HEADER = struct.Struct("<IIQQ")
_FOLDED_AT_ONCE = 100_000
"""Folded events are in memory cell by cell: some 5 KB each."""
Place = tuple[int, int]
"""Partition and offset."""


@dataclass(frozen=True)
class Shape:
    """What the events of a topic are like."""

    count: int
    size: int = 0
    """Bytes that each has at least; 0: as they are, about 1.7 KB."""
    keyed: bool = False
    """Whether a program's events are in one partition, as a producer's key would have it."""


@dataclass
class Events:
    """A file of them, and what must become of each."""

    file: Path
    shape: Shape
    rejected: dict[Place, str] = field(default_factory=dict)
    """Reasons of those that become dead letters."""
    rows: dict[int, int] = field(default_factory=dict)
    """Digests of the rows that the table must hold, by digest of the key."""

    @property
    def count(self) -> int:
        """How many there are."""
        return self.shape.count

    def records(self) -> Iterator[Record]:
        """All of them, in the order in which they are sent."""
        return read_records(self.file)


def read_records(file: Path) -> Iterator[Record]:
    """What an events file holds."""
    with file.open("rb", buffering=1 << 20) as stream:
        while header := stream.read(_HEADER.size):
            length, partition, offset, moment = _HEADER.unpack(header)
            yield Record(stream.read(length), partition, offset, moment)


def make_events(file: Path, shape: Shape, now: int) -> Events:
    """Generate and fold them; `now` is the time of all records, in milliseconds."""
    events = Events(file, shape)
    ends = [0] * PARTITIONS
    with step(f"generate {shape.count:,} events"), file.open("wb") as stream:
        for number, (payload, reason) in enumerate(_payloads(shape)):
            partition = number % PARTITIONS
            if shape.keyed:
                partition = zlib.crc32(_program(payload)) % PARTITIONS
            offset = ends[partition]
            ends[partition] += 1
            if reason is not None:
                events.rejected[partition, offset] = reason
            stream.write(_HEADER.pack(len(payload), partition, offset, now))
            stream.write(payload)
    with step("fold them"):
        buckets = 1 + shape.count // _FOLDED_AT_ONCE
        for bucket in range(buckets):
            some = (each for each in events.records() if _bucket(each, buckets) == bucket)
            good = (each for each in some if (each.partition, each.offset) not in events.rejected)
            events.rows |= dict(digest(key, row) for key, row in fold(good).items())
    return events


def digest(key: Key, row: Row) -> tuple[int, int]:
    """Two numbers for a row: a million rows as they are would not fit into memory twice."""
    return hash(key), hash(frozenset(row.items()))


def fill_topic(kafka: Kafka, bootstrap: str, topic: str, events: Events) -> None:
    """Each event at its place; raises `StepFailed` if the topic then holds another number."""
    kafka.recreate(topic)
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": 100,
            "enable.idempotence": True,  # so that the order stays
            "queue.buffering.max.messages": 50_000,
        }
    )
    with step(f"send them to {topic}"):
        for payload, partition, _, moment in events.records():
            while True:
                try:
                    producer.produce(topic, payload, partition=partition, timestamp=moment)
                    break
                except BufferError:
                    producer.poll(0.1)
        left = producer.flush(600)
    if left or sum(kafka.ends(topic).values()) != events.count:
        raise StepFailed("not all events were sent, or some twice")


def _payloads(shape: Shape) -> Iterator[tuple[bytes, str | None]]:
    """As many distinct events; the generator repeats and breaks some, of which few are kept."""
    made, seen = 0, set[int]()
    for number, each in enumerate(generate(shape.count * 2, seed=3, programs=_PROGRAMS)):
        if made == shape.count:
            return
        is_one_too_many = each.reason is not None and number % _MALFORMED_TENTHS
        if is_one_too_many or hash(each.payload) in seen:
            continue
        seen.add(hash(each.payload))
        made += 1
        yield _sized(each.payload, shape.size, each.reason), each.reason
    raise AssertionError("the generator ran out of events")


def _sized(payload: bytes, size: int, reason: str | None) -> bytes:
    """With a field that no column is made of, so that the event has at least this many bytes."""
    missing = size - len(payload)
    if missing <= 0 or reason is not None:
        return payload
    return payload[:-1] + b', "userCertificates": "' + _filler(missing) + b'"}'


def _filler(size: int) -> bytes:
    # Neither one byte over and over nor incompressible.
    return (b"certificate of completion 0123456789 " * (size // 37 + 1))[:size]


def _program(payload: bytes) -> bytes:
    """Of an event as the generator writes it, read without parsing; b"" where there is none."""
    _, _, rest = payload.partition(b'"programId":')
    return rest.lstrip()[1:25]


def _bucket(record: Record, buckets: int) -> int:
    return zlib.crc32(_program(record.payload or b"")) % buckets
