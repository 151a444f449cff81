"""The dead-letter topic as it is read: what is known of each event, and which part is new."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.kafka.dead_letters import (
    DeadLetter,
    DeadLetters,
    DeadLettersUnreadable,
    Events,
    Part,
    RecordPlace,
)
from tests.configuration import config
from tests.unit.job.broker import Broker

FAILED, GROUP = "t.failed", "g-replay"
MOMENT = datetime(2023, 1, 12, 6, 30, 56, 829_000, UTC)
HEADERS = {
    "reason": "INVALID_JSON",
    "detail": "why",
    "source_topic": "t",
    "source_partition": "3",
    "source_offset": "17",
    "source_timestamp": "2023-01-12T06:30:56.829Z",
}


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    """An empty dead-letter topic of two partitions."""
    broker = Broker()
    broker.serve(monkeypatch)
    broker.create(FAILED, partitions=2)
    return broker


def read(part: Part = Part.WHOLE) -> list[DeadLetter]:
    return list(DeadLetters(config().kafka).read(part))


def test_a_dead_letter_tells_what_its_headers_say_and_keeps_the_others(broker: Broker) -> None:
    broker.send(FAILED, 0, b"payload", moment=5, trace="7", **HEADERS)
    (found,) = read()
    assert found == DeadLetter(
        partition=0,
        offset=0,
        source=RecordPlace("t", "3", "17"),
        moment=MOMENT,
        reason="INVALID_JSON",
        detail="why",
        key=None,
        payload=b"payload",
        headers=[("trace", b"7")],
    )


@pytest.mark.parametrize("absent", ["source_topic", "source_partition", "source_offset"])
def test_one_that_does_not_say_where_it_came_from_is_an_event_at_its_own_place(
    broker: Broker, absent: str
) -> None:
    headers: dict[str, Any] = {name: HEADERS[name] for name in HEADERS if name != absent}
    broker.send(FAILED, 1, b"1", **headers)
    (found,) = read()
    assert found.source == RecordPlace(FAILED, "1", "0")


def test_without_a_source_timestamp_its_own_is_the_moment(broker: Broker) -> None:
    broker.send(FAILED, 0, b"1", moment=round(MOMENT.timestamp() * 1000))
    (found,) = read()
    assert (found.moment, found.reason, found.detail) == (MOMENT, "", "")


@pytest.mark.parametrize(
    ("kept", "whole", "dealt_with", "new"),
    [
        (None, [0, 1, 2, 3], [], [0, 1, 2, 3]),
        (0, [0, 1, 2, 3], [], [0, 1, 2, 3]),
        (3, [0, 1, 2, 3], [0, 1, 2], [3]),
        (4, [0, 1, 2, 3], [0, 1, 2, 3], []),
        # It is of a topic that was longer.
        (5, [0, 1, 2, 3], [], [0, 1, 2, 3]),
    ],
)
def test_the_kept_position_divides_the_topic(
    broker: Broker, kept: int | None, whole: list[int], dealt_with: list[int], new: list[int]
) -> None:
    broker.send(FAILED, 0, *[b"x"] * 4)
    if kept is not None:
        broker.groups[GROUP] = {(FAILED, 0): (kept, "")}
    for part, offsets in ((Part.WHOLE, whole), (Part.DEALT_WITH, dealt_with), (Part.NEW, new)):
        assert [each.offset for each in read(part)] == offsets


def test_what_retention_has_taken_is_neither_new_nor_dealt_with(broker: Broker) -> None:
    broker.send(FAILED, 0, *[b"x"] * 4)
    broker.groups[GROUP] = {(FAILED, 0): (1, "")}
    broker.trim(FAILED, 0, 2)
    assert [each.offset for each in read(Part.NEW)] == [2, 3]
    assert read(Part.DEALT_WITH) == []


def test_each_partition_has_a_position_of_its_own(broker: Broker) -> None:
    for partition in (0, 1):
        broker.send(FAILED, partition, b"x", b"x")
    letters = DeadLetters(config().kafka)
    for each in letters.read(Part.WHOLE):
        if each.partition == 1:
            break
    letters.keep_position()
    assert broker.offsets(GROUP) == {(FAILED, 0): 2, (FAILED, 1): 1}


PLACES = st.builds(
    RecordPlace, st.sampled_from("tu"), st.sampled_from("01"), st.sampled_from("012")
)


@given(st.lists(PLACES))
def test_of_the_dead_letters_of_an_event_one_is_the_first(places: list[RecordPlace]) -> None:
    events = Events()
    letters = (DeadLetter(0, 0, place, MOMENT, "", "", None, None, []) for place in places)
    firsts = [letter.source for letter in letters if events.is_first(letter)]
    assert firsts == list(dict.fromkeys(places))


def test_a_topic_that_cannot_be_read_is_named_with_what_to_check(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise KafkaException(KafkaError(KafkaError._ALL_BROKERS_DOWN, "all down"))

    monkeypatch.setattr("tests.unit.job.broker.Consumer.list_topics", fails)
    with pytest.raises(DeadLettersUnreadable) as caught:
        read()
    assert str(caught.value) == (
        "kafka.deadLetterTopic: t.failed cannot be read (all down); check its name, the brokers"
        " and kafka.security"
    )


def test_a_record_that_somebody_else_has_written_is_a_dead_letter_of_its_own(
    broker: Broker,
) -> None:
    """Its headers may be called as ours and hold anything."""
    broker.send(FAILED, 0, b"x", moment=5, source_timestamp="yesterday")
    broker.logs[FAILED, 0].records[0].own_headers.append(("reason", b"\xff"))
    (found,) = read()
    assert found.source == RecordPlace(FAILED, "0", "0")
    assert found.moment == datetime(1970, 1, 1, 0, 0, 0, 5000, UTC)
    assert found.reason == "\N{REPLACEMENT CHARACTER}"
