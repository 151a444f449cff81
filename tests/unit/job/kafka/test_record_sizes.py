"""The sample of a topic's events: which places, and what of them."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.kafka import record_sizes
from program_user_info_job.kafka.record_sizes import (
    PLACES,
    RECORDS,
    places,
    read_places,
    sample_sizes,
)
from tests.configuration import config

OFFSETS = st.integers(0, 10**12)


@given(OFFSETS, st.just(-1001) | OFFSETS, OFFSETS)
def test_places_reach_from_the_groups_offset_to_the_end(low: int, committed: int, end: int) -> None:
    found = places(low, committed, end)
    assert found == sorted(set(found))
    assert len(found) <= PLACES
    assert all(low <= each < end for each in found)
    if low < end:
        assert found[0] <= max(low, committed)
        assert found[0] == low or found[0] >= min(committed, end - RECORDS)
        assert found[-1] + RECORDS >= end
    else:
        assert found == []


class Record:
    """A record, or the end of a partition."""

    def __init__(self, partition: int, value: bytes | None, error: object = None) -> None:
        self._partition, self._value, self._error = partition, value, error

    def topic(self) -> str:
        return "t"

    def partition(self) -> int:
        return self._partition

    def key(self) -> bytes | None:
        return b"key" if self._value else None

    def value(self) -> bytes | None:
        return self._value

    def error(self) -> object:
        return self._error


class Topic:
    """A consumer of partitions that are lists of values, null for tombstones."""

    def __init__(self, partitions: list[list[bytes | None]], committed: int) -> None:
        self._partitions, self._committed = partitions, committed
        self._next: dict[int, int] = {}

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        return [TopicPartition(each.topic, each.partition, self._committed) for each in partitions]

    def get_watermark_offsets(self, each: TopicPartition, timeout: float) -> tuple[int, int]:
        return 0, len(self._partitions[each.partition])

    def assign(self, partitions: list[TopicPartition]) -> None:
        self._next = {each.partition: each.offset for each in partitions}

    def consume(self, num_messages: int, timeout: float) -> list[Any]:
        found: list[Any] = []
        for partition, offset in self._next.items():
            values = self._partitions[partition][offset : offset + 100]
            self._next[partition] += len(values)
            found += [Record(partition, value) for value in values]
            if not values:
                found.append(Record(partition, None, "end"))
        return found


def partitions(count: int) -> list[TopicPartition]:
    return [TopicPartition("t", number) for number in range(count)]


def test_large_events_in_the_middle_of_a_backlog_are_seen() -> None:
    small: list[bytes | None] = [b"x" * 100] * 2000
    large: list[bytes | None] = [b"x" * 9_997] * 700
    found = read_places(Topic([small + large + small], -1001), partitions(1))
    assert [len(sizes) for sizes in found] == [RECORDS] * PLACES
    assert max(sum(sizes) / len(sizes) for sizes in found) > 5_000


def test_what_the_group_has_read_long_ago_does_not_count() -> None:
    read: list[bytes | None] = [b"x" * 9_000] * 500
    topic = Topic([read + [b"x" * 97, None] * RECORDS], 500)
    assert sum(map(sum, read_places(topic, partitions(1)))) % 100 == 0


def test_a_group_that_is_at_the_end_expects_what_it_has_read_last() -> None:
    read: list[bytes | None] = [b"x" * 9_000] * 500
    topic = Topic([read + [b"x" * 97] * RECORDS, []], 500 + RECORDS)
    assert read_places(topic, partitions(2)) == [[100] * RECORDS]


def test_topics_without_an_event_say_nothing() -> None:
    assert read_places(Topic([[], []], -1001), partitions(2)) == []
    assert read_places(Topic([], 0), []) == []


def test_of_many_partitions_some_are_looked_at() -> None:
    topic = Topic([[b"x"]] * 100, 0)
    assert 1 <= len(read_places(topic, partitions(100))) <= 8


def test_a_topic_that_cannot_be_read_does_not_keep_the_job_from_starting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object) -> None:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    monkeypatch.setattr(record_sizes, "read_places", fails)
    assert sample_sizes(config().kafka, partitions(1)) == []
