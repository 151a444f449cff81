"""Read the input topics by offsets that the caller keeps, apart from what the job's group does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from program_user_info_job.config.model import Kafka
from program_user_info_job.kafka.client_properties import librdkafka_properties
from program_user_info_job.kafka.reading import (
    Span,
    cannot_be_read,
    offsets_of,
    open_consumer,
    partitions_of,
    read_spans,
)

_TIMEOUT = 30.0


class TopicUnreadable(Exception):
    """The topic cannot be read; the message says what to check."""


class Record(NamedTuple):
    """A record of an input topic; `moment` is Kafka's, in milliseconds."""

    topic: str
    partition: int
    offset: int
    moment: int
    payload: bytes | None


class InputTopics:
    """What there is to read, and the records of it. Every method may raise `TopicUnreadable`."""

    def __init__(self, kafka: Kafka) -> None:
        self._topics = kafka.topics
        self._consumer = open_consumer(kafka, "verify")
        self._admin = AdminClient(librdkafka_properties(kafka))

    def ids(self) -> Iterator[tuple[str, str]]:
        """Each topic with its id: another one once it is created again.

        Brokers before 2.8 tell no ids: to them all topics have the same one.
        """
        with self._explained():
            asked = TopicCollection(self._topics)
            answers = self._admin.describe_topics(asked, request_timeout=_TIMEOUT)
            for topic, answer in answers.items():
                yield topic, str(answer.result().topic_id)

    def spans(self) -> Iterator[Span]:
        """What each partition holds now."""
        with self._explained():
            for topic in self._topics:
                for number in partitions_of(self._consumer, topic):
                    yield Span(topic, number, *offsets_of(self._consumer, topic, number))

    def read(self, spans: Iterable[Span]) -> Iterator[Record]:
        """The records of these spans."""
        with self._explained():
            for message in read_spans(self._consumer, spans):
                yield Record(
                    message.topic(),
                    message.partition(),
                    message.offset(),
                    message.timestamp()[1],
                    message.value(),
                )

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except KafkaException as error:
            said = cannot_be_read("topic", ", ".join(self._topics), error)
            raise TopicUnreadable(said) from error
