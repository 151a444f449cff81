"""The input topics, folded into what the table must hold."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

from program_user_info_job.config.model import Config
from program_user_info_job.config.rules import mapping_rules
from program_user_info_job.kafka.input_topics import InputTopics, Record
from program_user_info_job.kafka.reading import Span
from program_user_info_job.record import process
from program_user_info_job.row.event_to_row import Origin, Row
from program_user_info_job.row.fold import Folded
from program_user_info_job.row.values import MILLISECOND
from program_user_info_job.verification.expected import Expected, Key

_SAVED = 50_000
"""Records from one save of the position to the next."""


class TopicFold:
    """Reads what is new in the topics into `expected`, as the job would map it."""

    def __init__(self, config: Config, expected: Expected) -> None:
        self._rules = mapping_rules(config)
        self._unbound = replace(self._rules, future_bound=timedelta.max)
        self._expected = expected
        self._topics = InputTopics(config.kafka)

    def catch_up(self) -> int:
        """Take in every event up to where the topics end now; how many records. Resumable.

        Raises `TopicUnreadable`, and `StateFileUnusable` for a topic that was created again.
        """
        # Offsets say where to continue only in the topic that they were read in. Where brokers
        # tell no ids, only a shorter topic is known as another one.
        for topic, topic_id in self._topics.ids():
            self._expected.check_topic(topic, topic_id)
        count = 0
        positions: dict[tuple[str, int], int] = {}
        for record in self._topics.read(map(self._unread, self._topics.spans())):
            positions[record.topic, record.partition] = record.offset + 1
            self._take(record)
            count += 1
            if count % _SAVED == 0:
                self._expected.keep(positions)
        self._expected.keep(positions)
        return count

    def possible(self, key: Key) -> list[Folded]:
        """What the table may hold of a key now, as far as the topic says; empty if it says nothing.

        More than one where an event was too far in the future when its record was new: the job may
        have rejected it, or read it later.
        """
        folded = self._expected.find(key)
        return [] if folded is None else folded.possible(self._newest_accepted(_clock()))

    def close(self) -> None:
        """Close the connection."""
        self._topics.close()

    def _unread(self, span: Span) -> Span:
        """Start where the last reading ended."""
        kept = self._expected.position(span.topic, span.partition)
        if kept > span.end:
            raise self._expected.of_another_topic(span.topic)
        if kept < span.start:
            self._expected.note_trimmed(span.topic)
        return span._replace(start=max(span.start, kept))

    def _take(self, record: Record) -> None:
        """The job judged "too far in the future" when it read the record, which may be long after.

        So the row is certain if its timestamp was acceptable already when the record was new.
        """
        moment = record.moment
        row = process(record.payload, Origin(record.offset, moment), self._unbound, moment)
        if isinstance(row, Row):
            read_at_once = min(moment, _clock())
            certain = row.write_timestamp <= self._newest_accepted(read_at_once)
            self._expected.add(row, certain=certain)

    def _newest_accepted(self, clock: int) -> int:
        """The newest write timestamp that the job accepts, in microseconds."""
        bound = self._rules.future_bound // MILLISECOND
        return (clock + bound) * 1000 + 999


def _clock() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
