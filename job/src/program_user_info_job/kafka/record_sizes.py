"""How large the events are that the job is about to read: a sample from its group's offset on.

Where little is left to read, the newest events that were read stand for those to come.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import structlog
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from program_user_info_job.config.model import Kafka
from program_user_info_job.kafka.client_properties import librdkafka_properties

PLACES = 9
"""Places of each partition that are looked at, from the group's offset to the end: large events
that stand together are seen where they are an eighth of what is to be read."""
RECORDS = 100
"""Records that are read at each place, at most."""
_PARTITIONS = 8
_SECONDS = 10.0
"""What the whole sample may take; it ends with what it has by then."""
_TIMEOUT = 10.0
_OPTIONS = {
    "enable.auto.commit": "false",
    "enable.partition.eof": "true",
    "auto.offset.reset": "earliest",
    "fetch.wait.max.ms": "100",
    # What the client fetches ahead of what is looked at stays small.
    "fetch.max.bytes": str(8 << 20),
    "queued.max.messages.kbytes": "4096",
}
Sizes = Sequence[int]
"""Bytes of each record at one place: key and value."""

log = structlog.get_logger(__name__)


class _Reader(Protocol):
    """The part of a consumer that the sample uses."""

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        """The group's offsets."""

    def get_watermark_offsets(
        self, partition: TopicPartition, timeout: float
    ) -> tuple[int, int] | None:
        """The first offset and the one after the last."""

    def assign(self, partitions: list[TopicPartition]) -> None:
        """Read from there."""

    def consume(self, num_messages: int, timeout: float) -> list[Message]:
        """The next messages, and the ends of partitions."""


def sample_sizes(kafka: Kafka, partitions: Sequence[TopicPartition]) -> list[Sizes]:
    """Sizes of some records at some places from the group's offset, or near the end, to the end.

    Empty if a topic is empty or cannot be read: the job starts all the same.
    """
    consumer = Consumer(librdkafka_properties(kafka) | _OPTIONS | {"group.id": kafka.group_id})
    try:
        return read_places(consumer, partitions)
    except KafkaException as error:
        log.warning("the sizes of events are not known", error=error.args[0].name())
        return []
    finally:
        consumer.close()


def read_places(consumer: _Reader, partitions: Sequence[TopicPartition]) -> list[Sizes]:
    """What `sample_sizes` answers, by this consumer. Raises `KafkaException`."""
    deadline = time.monotonic() + _SECONDS
    step = -(-len(partitions) // _PARTITIONS) or 1
    backlogs: list[tuple[TopicPartition, list[int]]] = []
    for each in consumer.committed(list(partitions[::step]), timeout=_TIMEOUT):
        low, high = consumer.get_watermark_offsets(each, timeout=_TIMEOUT) or (0, 0)
        backlogs.append((each, places(low, each.offset, high)))
    found: list[Sizes] = []
    for number in range(PLACES):
        starts = {
            (each.topic, each.partition): offsets[number]
            for each, offsets in backlogs
            if number < len(offsets)
        }
        if starts and time.monotonic() < deadline:
            found += _read(consumer, starts, deadline)
    return [sizes for sizes in found if sizes]


def places(low: int, committed: int, end: int) -> list[int]:
    """Offsets to read from, evenly from the group's to the last `RECORDS` before the end.

    `committed` is negative for a group without an offset. An empty partition has no place.
    """
    if low >= end:
        return []
    last = max(low, end - RECORDS)
    first = max(low, min(committed, last)) if committed >= 0 else low
    return sorted({first + (last - first) * number // (PLACES - 1) for number in range(PLACES)})


def _read(consumer: _Reader, starts: dict[tuple[str, int], int], deadline: float) -> list[Sizes]:
    """The sizes of up to `RECORDS` records from each start."""
    sizes: dict[tuple[str, int], list[int]] = {key: [] for key in starts}
    reading = set(starts)
    consumer.assign([TopicPartition(*key, offset) for key, offset in starts.items()])
    while reading and time.monotonic() < deadline:
        for message in consumer.consume(RECORDS, 0.5):
            key = (message.topic(), message.partition())
            if message.error() is not None:
                reading.discard(key)  # its end, or that it cannot be read
            elif key in reading:
                sizes[key].append(len(message.value() or b"") + len(message.key() or b""))
                if len(sizes[key]) == RECORDS:
                    reading.remove(key)
    return list(sizes.values())
