"""The input topics are folded once each, as the job would have mapped them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.failure import StateFileUnusable
from program_user_info_job.verification import topic_fold
from program_user_info_job.verification.expected import Expected, open_expected
from program_user_info_job.verification.topic_fold import TopicFold
from tests.unit.job.broker import Broker
from tests.unit.job.events import NOW
from tests.unit.job.written_table import configured, payload

CONFIG = configured(kafka={"additionalTopics": ["more"]}, writes={"futureBound": 60})
KEY = ("p", "u")


def in_memory(patch: pytest.MonkeyPatch) -> Broker:
    """Topics `t`, of two partitions, and `more`; the clock is that of the records."""
    broker = Broker()
    broker.serve(patch)
    patch.setattr(topic_fold, "_clock", lambda: NOW)
    broker.create("t", partitions=2)
    broker.create("more")
    return broker


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    return in_memory(monkeypatch)


@pytest.fixture
def expected() -> Iterator[Expected]:
    with open_expected(None, CONFIG) as opened:
        yield opened


def names(fold: TopicFold, key: tuple[str, str] = KEY) -> list[str]:
    """Names of the program that the row may hold."""
    return [each.values()["program_name"] for each in fold.possible(key)]


def test_each_record_is_taken_in_once(broker: Broker, expected: Expected) -> None:
    fold = TopicFold(CONFIG, expected)
    broker.send("t", 0, payload("u", programName="a", updatedAt=NOW), moment=NOW)
    broker.send("t", 1, payload("v"), b"no event", moment=NOW)
    broker.send("more", 0, payload("w"), moment=NOW)
    assert fold.catch_up() == 4
    assert fold.catch_up() == 0
    assert sorted(expected.all_keys()) == [("p", "u"), ("p", "v"), ("p", "w")]
    broker.send("t", 0, payload("u", programName="b", updatedAt=NOW + 1), moment=NOW)
    assert fold.catch_up() == 1
    assert names(fold) == ["b"]


def test_of_a_key_that_no_event_has_nothing_is_possible(broker: Broker, expected: Expected) -> None:
    assert TopicFold(CONFIG, expected).possible(KEY) == []


@given(st.lists(st.integers(0, 7), max_size=5), st.integers(1, 3))
def test_however_often_it_is_interrupted_the_outcome_is_the_same(
    interruptions: list[int], saved: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, open_expected(None, CONFIG) as expected:
        broker = in_memory(patch)
        patch.setattr(topic_fold, "_SAVED", saved)
        for number in range(8):
            event = payload("u", programName=str(number), updatedAt=NOW + number)
            broker.send("t", number % 2, event, moment=NOW)
        fold = TopicFold(CONFIG, expected)
        for taken in interruptions:
            interrupt(fold, after=taken)
        fold.catch_up()
        assert fold.catch_up() == 0
        assert names(fold) == ["7"]


class Interrupted(Exception):
    """Somebody has lost patience."""


def interrupt(fold: TopicFold, after: int) -> None:
    """Read this many records at most, then fail."""
    with pytest.MonkeyPatch.context() as patch:
        take: Callable[[object], None] = fold._take  # type: ignore[assignment]
        left = iter(range(after))

        def until(record: object) -> None:
            if next(left, None) is None:
                raise Interrupted
            take(record)

        patch.setattr(fold, "_take", until)
        with suppress(Interrupted):
            fold.catch_up()


@pytest.mark.parametrize(
    ("times", "possible"),
    [
        # It was acceptable when its record was new.
        ((60_000, 0), ["new"]),
        # The job may have read it at once, and rejected it, or later.
        ((60_001, 1), ["old", "new"]),
        # It is too early for the job even now.
        ((60_001, 0), ["old"]),
    ],
)
def test_an_event_ahead_of_its_record_is_certain_possible_or_not_yet(
    broker: Broker,
    expected: Expected,
    monkeypatch: pytest.MonkeyPatch,
    times: tuple[int, int],
    possible: list[str],
) -> None:
    """`times` are those of the event and of the clock, in milliseconds after its record."""
    ahead, clock = times
    monkeypatch.setattr(topic_fold, "_clock", lambda: NOW + clock)
    for name, moment in (("old", NOW), ("new", NOW + ahead)):
        event = payload("u", programName=name, updatedAt=moment)
        broker.send("t", 0, event, moment=NOW)
    fold = TopicFold(CONFIG, expected)
    fold.catch_up()
    assert names(fold) == possible


def test_records_that_are_gone_are_noted_only_if_they_were_not_read(
    broker: Broker, expected: Expected
) -> None:
    fold = TopicFold(CONFIG, expected)
    broker.send("t", 0, payload("u"), payload("v"), moment=NOW)
    fold.catch_up()
    broker.trim("t", 0, 2)
    fold.catch_up()
    assert expected.is_whole
    broker.send("t", 0, payload("w"), payload("x"), moment=NOW)
    broker.trim("t", 0, 3)
    assert fold.catch_up() == 1
    assert not expected.is_whole


@pytest.mark.parametrize("tells_ids", [True, False])
def test_a_topic_that_was_created_again_is_not_read_on(
    broker: Broker, tmp_path: Path, tells_ids: bool
) -> None:
    broker.send("more", 0, payload("u"), payload("v"), moment=NOW)
    with open_expected(tmp_path / "state", CONFIG) as expected:
        fold = TopicFold(CONFIG, expected)
        fold.catch_up()
        known = broker.ids["more"]
        broker.create("more")
        broker.ids["more"] = broker.ids["more"] if tells_ids else known
        broker.send("more", 0, payload("w"), moment=NOW)
        with pytest.raises(StateFileUnusable, match="topic more is another one"):
            fold.catch_up()
        assert expected.find(("p", "w")) is None
