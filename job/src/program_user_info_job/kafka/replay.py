"""Send dead-lettered events back to the topic that they came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from program_user_info_job.config.model import Kafka
from program_user_info_job.event.rejection import Reason
from program_user_info_job.kafka.dead_letters import DeadLetter, DeadLetters, Events, Part
from program_user_info_job.kafka.produce import EventSender


@dataclass(frozen=True)
class Selection:
    """Which dead letters to send back: by reason, and by the time of the event's own record."""

    reasons: frozenset[Reason] = frozenset(Reason)
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_everything(self) -> bool:
        """Whether no dead letter is left out."""
        return self == Selection()

    def takes(self, reason: str, moment: datetime) -> bool:
        """Whether a dead letter of this reason and time is selected; `until` is exclusive."""
        if reason not in self.reasons:
            return False
        return (self.since is None or moment >= self.since) and (
            self.until is None or moment < self.until
        )


@dataclass(frozen=True)
class Replay:
    """How to send: `to` a topic instead of the event's own, at most `limit` events.

    `from_position`: from where the last replay ended, else from the first dead letter.
    """

    selection: Selection = Selection()
    from_position: bool = True
    limit: int | None = None
    to: str | None = None
    dry_run: bool = False


def replay(kafka: Kafka, how: Replay) -> Counter[str]:
    """Send each selected event once, as its record was; the count per reason.

    Only what is there at the start is read, so an event that is rejected again is not sent again.
    The position moves forward once all is acknowledged, and only by a run that leaves no dead
    letter out; one from the first dead letter has to reach the end. Raises `DeadLettersUnreadable`,
    or `ProduceError` where not every event was acknowledged.
    """
    counts: Counter[str] = Counter()
    with closing(DeadLetters(kafka)) as dead_letters:
        with EventSender(kafka) as sender:
            reached_end = True
            for each in _selected(dead_letters, how):
                counts[each.reason] += 1
                if not how.dry_run:
                    _send(kafka, sender, each, how.to)
                if counts.total() == how.limit:
                    reached_end = False
                    break
        leaves_out = not how.selection.is_everything or how.dry_run
        if not leaves_out and (how.from_position or reached_end):
            dead_letters.keep_position()
    return counts


def _selected(dead_letters: DeadLetters, how: Replay) -> Iterator[DeadLetter]:
    """The first dead letter of each selected event."""
    events = Events()
    if how.from_position:
        # What was sent may be rejected by another revision at a later place of the topic.
        for each in dead_letters.read(Part.DEALT_WITH):
            events.is_first(each)
    for each in dead_letters.read(Part.NEW if how.from_position else Part.WHOLE):
        if how.selection.takes(each.reason, each.moment) and events.is_first(each):
            yield each


def _send(kafka: Kafka, sender: EventSender, letter: DeadLetter, to: str | None) -> None:
    known = letter.source.topic in kafka.additional_topics
    topic = to or (letter.source.topic if known else kafka.topic)
    moment = round(letter.moment.timestamp() * 1000)
    sender.send(letter.payload, moment, topic, key=letter.key, headers=letter.headers)
