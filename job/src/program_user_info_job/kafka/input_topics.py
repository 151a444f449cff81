"""Read the input topics by offsets that the caller keeps, apart from what the job's group does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from program_user_info_job.config.model import Kafka
from program_user_info_job.kafka.client_properties import librdkafka_properties
from program_user_info_job.kafka.reading import Partition, read_until

_TIMEOUT = 30.0


class TopicUnreadable(Exception):
    """The topic cannot be read; the message says what to check."""


class Span(NamedTuple):
    """Records of one partition, from the offset `start` to the one before `end`."""

    topic: str
    partition: int
    start: int
    end: int


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
        own = {
            "group.id": f"{kafka.group_id}-verify",
            "enable.auto.commit": "false",
            "enable.partition.eof": "true",
            "auto.offset.reset": "earliest",
        }
        self._consumer = Consumer(librdkafka_properties(kafka) | own)
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
                metadata = self._consumer.list_topics(topic, timeout=_TIMEOUT).topics[topic]
                if metadata.error is not None:
                    raise KafkaException(metadata.error)
                for number in metadata.partitions:
                    place = TopicPartition(topic, number)
                    low, high = self._consumer.get_watermark_offsets(place, timeout=_TIMEOUT)
                    yield Span(topic, number, low, high)

    def read(self, spans: Iterable[Span]) -> Iterator[Record]:
        """The records of these spans."""
        starts: list[TopicPartition] = []
        ends: dict[Partition, int] = {}
        for topic, partition, start, end in spans:
            if start < end:
                starts.append(TopicPartition(topic, partition, start))
                ends[topic, partition] = end
        with self._explained():
            self._consumer.assign(starts)
            for message in read_until(self._consumer, ends):
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
            raise TopicUnreadable(
                f"kafka.topic: {', '.join(self._topics)} cannot be read"
                f" ({error.args[0].str()}); check its name, the brokers and kafka.security"
            ) from error
