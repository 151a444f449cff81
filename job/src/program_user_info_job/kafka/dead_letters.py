"""Read the dead-letter topic: each rejected event with its reason and where it came from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum, auto
from typing import NamedTuple

from confluent_kafka import KafkaException, Message, TopicPartition

from program_user_info_job.config.model import Kafka
from program_user_info_job.kafka.reading import (
    Span,
    cannot_be_read,
    offsets_of,
    open_consumer,
    partitions_of,
    read_spans,
)

_TIMEOUT = 30.0
_OWN_HEADERS = frozenset(
    ["reason", "detail", *(f"source-{n}" for n in ("topic", "partition", "offset", "timestamp"))]
)


class DeadLettersUnreadable(Exception):
    """The dead-letter topic cannot be read; the message says what to check."""


class RecordPlace(NamedTuple):
    """Where the rejected event stands, which tells it from every other: dead letters repeat.

    They do where a job restarts, and while two revisions run side by side. A record that does not
    say where it came from is an event of its own, at its own place.
    """

    topic: str
    partition: str
    offset: str


class DeadLetter(NamedTuple):
    """A rejected event as it came, and what is known of it. `detail` holds no value of it."""

    partition: int
    offset: int
    source: RecordPlace
    moment: datetime
    reason: str
    detail: str
    key: bytes | None
    payload: bytes | None
    headers: list[tuple[str, bytes | None]]


class Part(Enum):
    """Of the dead-letter topic, which ends where it ends now."""

    WHOLE = auto()
    DEALT_WITH = auto()
    """Before the kept position."""
    NEW = auto()


class Events:
    """Which events have been met. Holds the offset of each."""

    def __init__(self) -> None:
        self._met: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def is_first(self, letter: DeadLetter) -> bool:
        """Whether this is its event's first dead letter; it is met from now on."""
        *partition, offset = letter.source
        met = self._met[partition[0], partition[1]]
        before = len(met)
        met.add(offset)
        return len(met) > before


class DeadLetters:
    """The records of the dead-letter topic, and the position that is kept in it."""

    def __init__(self, kafka: Kafka) -> None:
        self._topic = kafka.dead_letter_topic
        self._consumer = open_consumer(kafka, "replay")
        self._next: dict[int, int] = {}
        self._ends: dict[int, int] = {}

    def read(self, part: Part) -> Iterator[DeadLetter]:
        """Each dead letter of a part, as far as it is still there.

        Raises `DeadLettersUnreadable`.
        """
        try:
            for message in read_spans(self._consumer, self._spans(part)):
                self._next[message.partition()] = message.offset() + 1
                yield _dead_letter(message)
        except KafkaException as error:
            said = cannot_be_read("deadLetterTopic", self._topic, error)
            raise DeadLettersUnreadable(said) from error

    def keep_position(self) -> None:
        """Remember that everything that was read is dealt with. No position moves back."""
        read = [TopicPartition(self._topic, *each) for each in self._next.items()]
        kept = self._consumer.committed(read, timeout=_TIMEOUT) if read else []
        places = [place for place, old in zip(read, kept, strict=True) if self._moves(place, old)]
        if places:
            self._consumer.commit(offsets=places, asynchronous=False)

    def _moves(self, place: TopicPartition, kept: TopicPartition) -> bool:
        """Whether a place is after the kept one; one beyond the end is of another topic."""
        end = self._ends[place.partition]
        return bool(place.offset > kept.offset or kept.offset > end)

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close()

    def _spans(self, part: Part) -> Iterator[Span]:
        """What a part is of each partition."""
        numbers = partitions_of(self._consumer, self._topic)
        places = [TopicPartition(self._topic, number) for number in numbers]
        kept = places if part is Part.WHOLE else self._consumer.committed(places, timeout=_TIMEOUT)
        for place in kept:
            low, high = offsets_of(self._consumer, self._topic, place.partition)
            self._ends[place.partition] = high
            # Outside where retention has taken what it stands at, or the topic is another one now.
            position = place.offset if low <= place.offset <= high else low
            start, end = (low, position) if part is Part.DEALT_WITH else (position, high)
            yield Span(self._topic, place.partition, start, end)


def _dead_letter(message: Message) -> DeadLetter:
    headers = message.headers() or []
    own = {
        name: (value or b"").decode(errors="replace")
        for name, value in headers
        if name in _OWN_HEADERS
    }
    partition, offset = message.partition() or 0, message.offset() or 0
    itself = RecordPlace(message.topic() or "", str(partition), str(offset))
    source = RecordPlace(*(own.get(f"source-{part}", "") for part in RecordPlace._fields))
    sent = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
    return DeadLetter(
        partition,
        offset,
        source if all(source) else itself,
        _moment(own.get("source-timestamp")) or sent,
        own.get("reason", ""),
        own.get("detail", ""),
        message.key(),
        message.value(),
        [(name, value) for name, value in headers if name not in _OWN_HEADERS],
    )


def _moment(text: str | None) -> datetime | None:
    """None where there is none, or somebody else has written the record."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
