"""Read partitions up to where they end now."""

from __future__ import annotations

from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaError, KafkaException, Message

Partition = tuple[str, int]


def read_until(consumer: Consumer, ends: dict[Partition, int]) -> Iterator[Message]:
    """The records of the assigned partitions before these offsets; empties `ends`.

    The consumer must report the end of a partition (`enable.partition.eof`): the last offsets of a
    topic may be no records, but markers of transactions. Raises `KafkaException`.
    """
    while ends:
        for message in consumer.consume(1000, 1.0):
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
