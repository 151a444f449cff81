"""Partitions are read up to where they ended when the reading began."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.kafka import reading
from program_user_info_job.kafka.reading import read_until

END = KafkaError._PARTITION_EOF


class Message:
    """A record, or with an error what a consumer says instead of one."""

    def __init__(self, partition: int, offset: int, error: int | None = None) -> None:
        self._place, self._error = (partition, offset), error

    def topic(self) -> str:
        return "t"

    def partition(self) -> int:
        return self._place[0]

    def offset(self) -> int:
        return self._place[1]

    def error(self) -> KafkaError | None:
        return None if self._error is None else KafkaError(self._error)


class Consumer:
    """Hands over these messages, `at_once` at a time; fails where it is asked for more."""

    def __init__(self, messages: list[Message], at_once: int = 1) -> None:
        self._parts: Iterator[list[Message]] = iter(
            [messages[start : start + at_once] for start in range(0, len(messages), at_once)]
        )

    def consume(self, count: int, timeout: float) -> list[Message]:
        return next(self._parts)


def read(consumer: Consumer, **ends: int) -> list[tuple[int, int]]:
    """Partitions and offsets of what is read up to these ends, `p0=5` for partition 0."""
    found: Any = read_until(consumer, {("t", int(name[1:])): end for name, end in ends.items()})
    return [(each.partition(), each.offset()) for each in found]


@pytest.mark.parametrize(
    ("messages", "ends", "offsets"),
    [
        ([Message(0, 3), Message(0, 4)], {"p0": 5}, [(0, 3), (0, 4)]),
        # What was written meanwhile is not read.
        ([Message(0, 4), Message(0, 5)], {"p0": 5}, [(0, 4)]),
        # The last offsets are the markers of a transaction: only the end is told.
        ([Message(0, 3), Message(0, 6, END)], {"p0": 6}, [(0, 3)]),
        ([Message(0, 3), Message(0, 5)], {"p0": 5}, [(0, 3)]),
        # One is at its end, the other is not yet.
        ([Message(0, 0), Message(0, 1, END), Message(1, 7)], {"p0": 2, "p1": 8}, [(0, 0), (1, 7)]),
        ([], {}, []),
    ],
)
@pytest.mark.parametrize("at_once", [1, 10])
def test_what_is_read(
    messages: list[Message], ends: dict[str, int], offsets: list[tuple[int, int]], at_once: int
) -> None:
    assert read(Consumer(messages, at_once), **ends) == offsets


@given(st.lists(st.integers(0, 1), max_size=30), st.integers(1, 9))
def test_each_record_before_the_end_is_read_once(partitions: list[int], at_once: int) -> None:
    offsets = {0: 0, 1: 0}
    messages = []
    for partition in partitions:
        messages.append(Message(partition, offsets[partition]))
        offsets[partition] += 1
    ends = {f"p{partition}": end for partition, end in offsets.items() if end}
    found = read(Consumer(messages, at_once), **ends)
    assert found == [(each.partition(), each.offset()) for each in messages]


def test_an_error_ends_the_reading() -> None:
    consumer = Consumer([Message(0, 0), Message(0, 1, KafkaError.TOPIC_AUTHORIZATION_FAILED)])
    with pytest.raises(KafkaException) as caught:
        read(consumer, p0=9)
    assert caught.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_brokers_that_say_nothing_for_a_minute_end_the_reading() -> None:
    """A broker that is down answers with nothing: the command would never end."""
    messages = [[Message(0, 0)], *([[]] * 59), [Message(0, 1)], *([[]] * 61)]
    consumer: Any = SimpleNamespace(consume=lambda *_: messages.pop(0))
    found = read_until(consumer, {("t", 0): 9})
    assert [next(found).offset(), next(found).offset()] == [0, 1]
    with pytest.raises(KafkaException) as caught:
        next(found)
    assert caught.value.args[0].code() == KafkaError._TIMED_OUT
    assert len(messages) == 1


def test_words_about_what_has_been_read_do_not_hide_that_the_rest_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One partition has no leader, while another one gets an event a second."""
    now = 100.0

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return now

    def consume(*_: object) -> list[Message]:
        nonlocal now
        now += 1.0
        return [Message(0, round(now))]

    monkeypatch.setattr(reading, "time", Clock)
    consumer: Any = SimpleNamespace(consume=consume)
    with pytest.raises(KafkaException) as caught:
        list(read_until(consumer, {("t", 0): 5, ("t", 1): 5}))
    assert caught.value.args[0].code() == KafkaError._TIMED_OUT
    assert 60 <= now - 100 <= 63
