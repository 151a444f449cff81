"""Read partitions up to where they end now."""

from __future__ import annotations

from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaError, KafkaException, Message

Partition = tuple[str, int]
_WAIT, _PATIENCE = 1.0, 60
"""Seconds that the brokers have for a word, and how often in a row: then they count as away."""


def read_until(consumer: Consumer, ends: dict[Partition, int]) -> Iterator[Message]:
    """The records of the assigned partitions before these offsets; empties `ends`.

    The consumer must report the end of a partition (`enable.partition.eof`): the last offsets of a
    topic may be no records, but markers of transactions. Raises `KafkaException`, also where the
    brokers say nothing for a minute.
    """
    silent = 0
    while ends:
        messages = consumer.consume(1000, _WAIT)
        silent = 0 if messages else silent + 1
        if silent == _PATIENCE:
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
