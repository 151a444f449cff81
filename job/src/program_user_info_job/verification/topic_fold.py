"""The input topics, folded into what the table must hold."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

from confluent_kafka import Consumer, KafkaException, Message, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from program_user_info_job.config.model import Config
from program_user_info_job.config.rules import mapping_rules
from program_user_info_job.kafka.client_properties import librdkafka_properties
from program_user_info_job.kafka.reading import Partition, read_until
from program_user_info_job.record import process
from program_user_info_job.row.event_to_row import Origin, Row
from program_user_info_job.row.fold import Folded
from program_user_info_job.row.values import MILLISECOND
from program_user_info_job.verification.expected import Expected, Key

_TIMEOUT = 30.0
_SAVED = 50_000
"""Records from one save of the position to the next."""


class TopicUnreadable(Exception):
    """The topic cannot be read; the message says what to check."""


class TopicFold:
    """Reads what is new in the topics into `expected`, as the job would map it."""

    def __init__(self, config: Config, expected: Expected) -> None:
        self._kafka, self._rules = config.kafka, mapping_rules(config)
        self._unbound = replace(self._rules, future_bound=timedelta.max)
        self._expected = expected
        own = {
            "group.id": f"{config.kafka.group_id}-verify",
            "enable.auto.commit": "false",
            "enable.partition.eof": "true",
            "auto.offset.reset": "earliest",
        }
        self._consumer = Consumer(librdkafka_properties(config.kafka) | own)
        self._admin = AdminClient(librdkafka_properties(config.kafka))

    def catch_up(self) -> int:
        """Take in every event up to where the topics end now; how many records. Resumable.

        Raises `TopicUnreadable`, and `StateFileUnusable` for a topic that was created again.
        """
        count = 0
        try:
            self._check_topics()
            positions: dict[Partition, int] = {}
            for message in read_until(self._consumer, self._assign()):
                positions[message.topic(), message.partition()] = message.offset() + 1
                self._take(message)
                count += 1
                if count % _SAVED == 0:
                    self._expected.keep(positions)
            self._expected.keep(positions)
        except KafkaException as error:
            raise TopicUnreadable(
                f"kafka.topic: {', '.join(self._kafka.topics)} cannot be read"
                f" ({error.args[0].str()}); check its name, the brokers and kafka.security"
            ) from error
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
        self._consumer.close()

    def _take(self, message: Message) -> None:
        """The job judged "too far in the future" when it read the record, which may be long after.

        So the row is certain if its timestamp was acceptable already when the record was new.
        """
        moment = message.timestamp()[1]
        origin = Origin(message.offset() or 0, moment)
        row = process(message.value(), origin, self._unbound, moment)
        if isinstance(row, Row):
            read_at_once = min(moment, _clock())
            certain = row.write_timestamp <= self._newest_accepted(read_at_once)
            self._expected.add(row, certain=certain)

    def _newest_accepted(self, clock: int) -> int:
        """The newest write timestamp that the job accepts, in microseconds."""
        bound = self._rules.future_bound // MILLISECOND
        return (clock + bound) * 1000 + 999

    def _check_topics(self) -> None:
        """Offsets say where to continue only in the topic that they were read in.

        Brokers before 2.8 tell no ids; of theirs, only a shorter topic is known as another one.
        """
        asked = TopicCollection(self._kafka.topics)
        answers = self._admin.describe_topics(asked, request_timeout=_TIMEOUT)
        for topic, answer in answers.items():
            self._expected.check_topic(topic, str(answer.result().topic_id))

    def _assign(self) -> dict[Partition, int]:
        """Start where the last reading ended; the ends of what there is to read."""
        starts: list[TopicPartition] = []
        ends: dict[Partition, int] = {}
        for topic in self._kafka.topics:
            metadata = self._consumer.list_topics(topic, timeout=_TIMEOUT).topics[topic]
            if metadata.error is not None:
                raise KafkaException(metadata.error)
            for number in metadata.partitions:
                place = TopicPartition(topic, number)
                low, high = self._consumer.get_watermark_offsets(place, timeout=_TIMEOUT)
                kept = self._expected.position(topic, number)
                if kept > high:
                    raise self._expected.of_another_topic(topic)
                if kept < low:
                    self._expected.note_trimmed(topic)
                if max(low, kept) < high:
                    starts.append(TopicPartition(topic, number, max(low, kept)))
                    ends[topic, number] = high
        self._consumer.assign(starts)
        return ends


def _clock() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
