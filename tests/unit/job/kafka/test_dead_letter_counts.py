"""Events of the dead-letter topic, each counted or shown once, however often it was rejected."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.kafka.dead_letter_counts import (
    Counts,
    Kind,
    count_events,
    first_events,
)
from tests.configuration import config
from tests.unit.job.broker import Broker

FAILED = "t.failed"
KAFKA = config().kafka


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker()
    broker.serve(monkeypatch)
    broker.create(FAILED)
    return broker


def reject(broker: Broker, offset: int, reason: str = "INVALID_JSON", day: int = 1) -> None:
    """A dead letter of the event at this offset."""
    broker.send(
        FAILED,
        0,
        b"payload",
        reason=reason,
        source_topic="t",
        source_partition="0",
        source_offset=str(offset),
        source_timestamp=f"2023-01-{day:02}T23:59:59.999Z",
    )


def test_an_empty_topic_has_no_events(broker: Broker) -> None:
    assert count_events(KAFKA) == Counts()
    assert list(first_events(KAFKA, 3)) == []


def test_events_are_counted_by_reason_topic_and_day(broker: Broker) -> None:
    for offset, reason, day in [
        (1, "INVALID_JSON", 1),
        (2, "TOO_LARGE", 1),
        (3, "INVALID_JSON", 1),
        (4, "INVALID_JSON", 2),
    ]:
        reject(broker, offset, reason, day)
    assert count_events(KAFKA).events == {
        Kind("INVALID_JSON", "t", "2023-01-01"): 2,
        Kind("TOO_LARGE", "t", "2023-01-01"): 1,
        Kind("INVALID_JSON", "t", "2023-01-02"): 1,
    }


def test_an_event_that_was_rejected_again_is_a_repetition_by_its_first_reason(
    broker: Broker,
) -> None:
    reject(broker, 1, "INVALID_JSON")
    reject(broker, 1, "TOO_LARGE")
    kinds = Counter({Kind("INVALID_JSON", "t", "2023-01-01"): 1})
    assert count_events(KAFKA) == Counts(kinds, repetitions=1)


@given(st.lists(st.integers(0, 5), max_size=12))
def test_each_record_is_an_event_or_a_repetition(offsets: list[int]) -> None:
    broker = Broker()
    broker.create(FAILED)
    for offset in offsets:
        reject(broker, offset)
    with pytest.MonkeyPatch.context() as patch:
        broker.serve(patch)
        counts = count_events(KAFKA)
        shown = [each.source.offset for each in first_events(KAFKA, len(offsets) + 1)]
    assert counts.events.total() == len(set(offsets))
    assert counts.events.total() + counts.repetitions == len(offsets)
    assert shown == [str(offset) for offset in dict.fromkeys(offsets)]


@pytest.mark.parametrize(("number", "shown"), [(1, ["1"]), (2, ["1", "2"]), (9, ["1", "2", "3"])])
def test_the_first_events_are_shown_without_their_repetitions(
    broker: Broker, number: int, shown: list[str]
) -> None:
    for offset in (1, 1, 2, 1, 3):
        reject(broker, offset)
    assert [each.source.offset for each in first_events(KAFKA, number)] == shown


def test_nobody_else_is_moved_on_by_the_counting(broker: Broker) -> None:
    reject(broker, 1)
    count_events(KAFKA)
    list(first_events(KAFKA, 1))
    assert broker.offsets("g-replay") == {}
