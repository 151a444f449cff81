"""Read partitions up to where they end now, by offsets that the caller keeps."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from program_user_info_job.config.model import Kafka
from program_user_info_job.kafka.client_properties import librdkafka_properties

Partition = tuple[str, int]
_TIMEOUT = 30.0
_WAIT, _PATIENCE = 1.0, 60.0
"""Seconds that the brokers have for a word, and for one about what is still to be read."""


class Span(NamedTuple):
    """Records of one partition, from the offset `start` to the one before `end`."""

    topic: str
    partition: int
    start: int
    end: int


def open_consumer(kafka: Kafka, purpose: str) -> Consumer:
    """One for `read_spans`; its group is the job's with `-purpose`, so it is in nobody's way."""
    own = {
        "group.id": f"{kafka.group_id}-{purpose}",
        "enable.auto.commit": "false",
        "enable.partition.eof": "true",
        "auto.offset.reset": "earliest",
    }
    return Consumer(librdkafka_properties(kafka) | own)


def partitions_of(consumer: Consumer, topic: str) -> list[int]:
    """Numbers of the topic's partitions. Raises `KafkaException`."""
    metadata = consumer.list_topics(topic, timeout=_TIMEOUT).topics[topic]
    if metadata.error is not None:
        raise KafkaException(metadata.error)
    return list(metadata.partitions)


def offsets_of(consumer: Consumer, topic: str, partition: int) -> tuple[int, int]:
    """The first offset that is there, and the one after the last. Raises `KafkaException`."""
    place = TopicPartition(topic, partition)
    low, high = consumer.get_watermark_offsets(place, timeout=_TIMEOUT)
    return low, high


def read_spans(consumer: Consumer, spans: Iterable[Span]) -> Iterator[Message]:
    """The records of these spans. Raises `KafkaException`, as `read_until` does."""
    held = [each for each in spans if each.start < each.end]
    consumer.assign([TopicPartition(each.topic, each.partition, each.start) for each in held])
    return read_until(consumer, {(each.topic, each.partition): each.end for each in held})


def cannot_be_read(field: str, topics: str, error: KafkaException) -> str:
    """What a user is told whose topics, which `field` names, cannot be read."""
    return (
        f"kafka.{field}: {topics} cannot be read ({error.args[0].str()}); check its name, the"
        " brokers and kafka.security"
    )


def read_until(consumer: Consumer, ends: dict[Partition, int]) -> Iterator[Message]:
    """The records of the assigned partitions before these offsets; empties `ends`.

    The consumer must report the end of a partition (`enable.partition.eof`): the last offsets of a
    topic may be no records, but markers of transactions. Raises `KafkaException`, also where the
    brokers say nothing for a minute.
    """
    silent = 0.0
    while ends:
        began = time.monotonic()
        messages = consumer.consume(1000, _WAIT)
        waited = time.monotonic() - began if messages else _WAIT
        is_heard = any((each.topic(), each.partition()) in ends for each in messages)
        silent = 0.0 if is_heard else silent + waited
        if silent >= _PATIENCE:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001
        for message in messages:
            partition, offset = (message.topic(), message.partition()), message.offset()
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001
                raise KafkaException(error)
            if error is not None or offset >= ends.get(partition, 0):
                ends.pop(partition, None)
                continue
            if offset + 1 == ends[partition]:
                del ends[partition]
            yield message
