"""How many events the dead-letter topic holds, by kind, and its first ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import NamedTuple

from program_user_info_job.config.model import Kafka
from program_user_info_job.kafka.dead_letters import DeadLetter, DeadLetters, Events, Part


class Kind(NamedTuple):
    """What is counted apart: the reason, the topic that the event came from, its day in UTC."""

    reason: str
    topic: str
    day: str


@dataclass
class Counts:
    """How many events there are of each kind, and how many records repeat one of them."""

    events: Counter[Kind] = field(default_factory=Counter)
    repetitions: int = 0


def count_events(kafka: Kafka) -> Counts:
    """Count each event once, however often it was rejected. Raises `DeadLettersUnreadable`."""
    counts, met = Counts(), Events()
    with closing(DeadLetters(kafka)) as found:
        for each in found.read(Part.WHOLE):
            if met.is_first(each):
                kind = Kind(each.reason, each.source.topic, each.moment.date().isoformat())
                counts.events[kind] += 1
            else:
                counts.repetitions += 1
    return counts


def first_events(kafka: Kafka, number: int) -> Iterator[DeadLetter]:
    """The first dead letter of each of the first events. Raises `DeadLettersUnreadable`."""
    met, left = Events(), number
    with closing(DeadLetters(kafka)) as found:
        for each in found.read(Part.WHOLE):
            if met.is_first(each):
                yield each
                left -= 1
                if not left:
                    return
