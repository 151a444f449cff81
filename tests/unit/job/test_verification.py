"""`verify` on topics and a table in memory: what it finds, and what it keeps from run to run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from program_user_info_job.config.model import Config
from program_user_info_job.failure import StateFileUnusable
from program_user_info_job.verification import comparison, topic_fold
from program_user_info_job.verification.comparison import verify_topic
from tests.unit.job.broker import Broker
from tests.unit.job.events import NOW
from tests.unit.job.written_table import Key, Table, configured, payload

Verify = Callable[..., dict[Key, list[str]]]


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    """Topic `t` without any event."""
    broker = Broker()
    broker.serve(monkeypatch)
    broker.create("t")
    return broker


@pytest.fixture
def table() -> Table:
    return Table(configured())


@pytest.fixture
def verify(broker: Broker, table: Table, monkeypatch: pytest.MonkeyPatch) -> Verify:
    """What differs in each row."""

    @contextmanager
    def open_session(*_: object) -> Iterator[None]:
        yield None

    monkeypatch.setattr(comparison, "open_session", open_session)
    monkeypatch.setattr(comparison, "TableReader", lambda *_: table)
    monkeypatch.setattr(comparison, "_SETTLED", 0.0)

    def run(state: Path | None = None, config: Config | None = None) -> dict[Key, list[str]]:
        found = verify_topic(config or configured(), state, lambda _: None)
        return {key: [" ".join(each) for each in those] for key, those in found.by_row.items()}

    return run


def both(broker: Broker, table: Table, *payloads: bytes) -> None:
    """Events that are in the topic, and that the job has written."""
    for each in payloads:
        broker.send("t", 0, each, moment=NOW)
        record = broker.logs["t", 0].records[-1]
        table.write(each, record.offset(), NOW)


def test_rows_that_are_missing_unknown_or_changed(
    broker: Broker, table: Table, verify: Verify
) -> None:
    both(broker, table, payload("equal", programName="a"))
    table.write(payload("unknown"))
    broker.send("t", 0, payload("missing"), moment=NOW)
    broker.send("t", 0, payload("changed", programName="a"), moment=NOW)
    table.write(payload("changed", programName="b"))
    assert verify() == {
        ("p", "unknown"): ["(row) unexpected"],
        ("p", "missing"): ["(row) missing"],
        ("p", "changed"): ["program_name different"],
    }


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_a_row_from_before_the_trim_is_no_difference_in_any_run(
    broker: Broker, table: Table, verify: Verify, state: Path
) -> None:
    both(broker, table, payload("trimmed"), payload("kept"))
    broker.trim("t", 0, 1)
    assert verify(state) == {}
    assert verify(state) == {}
    both(broker, table, payload("new"))
    assert verify(state) == {}


def test_what_is_trimmed_after_it_was_read_is_known(
    broker: Broker, table: Table, verify: Verify, state: Path
) -> None:
    both(broker, table, payload("one"), payload("two"))
    assert verify(state) == {}
    broker.trim("t", 0, 2)
    table.write(payload("unknown"))
    assert verify(state) == {("p", "unknown"): ["(row) unexpected"]}


def test_what_is_trimmed_between_two_runs_may_have_been_anything(
    broker: Broker, table: Table, verify: Verify, state: Path
) -> None:
    both(broker, table, payload("one"))
    assert verify(state) == {}
    both(broker, table, payload("two"), payload("three"))
    broker.trim("t", 0, 2)
    assert verify(state) == {}
    assert verify(state) == {}


@pytest.mark.parametrize("events", [0, 1, 2, 3])
def test_a_topic_that_was_created_again_is_another_one(
    broker: Broker, table: Table, verify: Verify, state: Path, events: int
) -> None:
    both(broker, table, payload("one"), payload("two"))
    assert verify(state) == {}
    broker.create("t")
    both(broker, table, *(payload(f"again-{number}") for number in range(events)))
    with pytest.raises(StateFileUnusable, match=f"--state: {state}: .*topic t is another one"):
        verify(state)
    state.unlink()
    verify(state)


def test_a_topic_that_is_shorter_is_another_one_where_brokers_tell_no_ids(
    broker: Broker, table: Table, verify: Verify, state: Path
) -> None:
    both(broker, table, payload("one"), payload("two"))
    assert verify(state) == {}
    told = broker.ids["t"]
    broker.create("t")
    broker.ids["t"] = told
    with pytest.raises(StateFileUnusable, match="remove the state file"):
        verify(state)


@pytest.mark.parametrize(
    "sections",
    [
        {"kafka": {"additionalTopics": ["more"]}},
        {"kafka": {"topic": "more"}},
        {"cassandra": {"layout": "map"}},
        {"cassandra": {"deletes": "apply"}},
        {"cassandra": {"missingProfile": "write"}},
        {"writes": {"futureBound": 61}},
    ],
)
def test_the_state_of_another_configuration_is_refused(
    broker: Broker, verify: Verify, state: Path, sections: dict[str, dict[str, Any]]
) -> None:
    broker.create("more")
    broker.send("t", 0, payload("one"), moment=NOW)
    verify(state)
    with pytest.raises(StateFileUnusable, match=f"--state: {state}: .*another configuration"):
        verify(state, configured(**sections))


def test_the_state_of_another_table_continues(
    broker: Broker, table: Table, verify: Verify, state: Path
) -> None:
    both(broker, table, payload("one"))
    assert verify(state) == {}
    assert verify(state, configured(cassandra={"table": "next"})) == {}


DAY = 86_400_000
CLOCK = NOW + 2 * DAY


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the clock that `verify` reads, in milliseconds; two days after the records."""
    now = [CLOCK]
    monkeypatch.setattr(topic_fold, "_clock", lambda: now[0])

    def turn(moment: int) -> None:
        now[0] = moment

    return turn


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("read", [NOW, CLOCK], ids=["at once", "late"])
def test_an_event_ahead_of_its_record_may_have_been_written(
    broker: Broker, table: Table, verify: Verify, state: Path, read: int
) -> None:
    both(broker, table, payload("u", programName="old", updatedAt=NOW))
    ahead = payload("u", programName="new", programExternalId="e", updatedAt=NOW + DAY)
    broker.send("t", 0, ahead, moment=NOW)
    table.write(ahead, 1, NOW, now=read)
    assert verify(state) == {}
    assert verify(state) == {}


@pytest.mark.usefixtures("clock")
def test_a_value_of_no_event_is_a_difference_beside_one_that_may_have_been_written(
    broker: Broker, table: Table, verify: Verify
) -> None:
    for name, moment in (("old", NOW), ("new", NOW + DAY)):
        event = payload("u", programName=name, updatedAt=moment)
        broker.send("t", 0, event, moment=NOW)
    table.write(payload("u", programName="other", updatedAt=NOW + DAY), now=CLOCK)
    assert verify() == {("p", "u"): ["program_name different"]}


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("read", [NOW, CLOCK], ids=["at once", "late"])
def test_a_row_of_its_only_event_may_be_there(
    broker: Broker, table: Table, verify: Verify, read: int
) -> None:
    ahead = payload("u", updatedAt=NOW + DAY)
    broker.send("t", 0, ahead, moment=NOW)
    table.write(ahead, 0, NOW, now=read)
    assert verify() == {}


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("read", [NOW, CLOCK], ids=["at once", "late"])
def test_a_row_may_have_been_deleted(
    broker: Broker, verify: Verify, monkeypatch: pytest.MonkeyPatch, read: int
) -> None:
    config = configured(cassandra={"deletes": "apply"})
    table = Table(config)
    monkeypatch.setattr(comparison, "TableReader", lambda *_: table)
    both(broker, table, payload("u", updatedAt=NOW))
    ahead = payload("u", deleted=True, updatedAt=NOW + DAY)
    broker.send("t", 0, ahead, moment=NOW)
    table.write(ahead, 1, NOW, now=read)
    assert verify(config=config) == {}


def test_what_is_too_far_ahead_of_the_clock_was_not_written(
    broker: Broker, table: Table, verify: Verify, state: Path, clock: Callable[[int], None]
) -> None:
    both(broker, table, payload("u", programName="old", updatedAt=NOW))
    ahead = payload("u", programName="new", updatedAt=NOW + DAY)
    broker.send("t", 0, ahead, moment=NOW)
    table.write(ahead, 1, NOW, now=CLOCK)
    clock(NOW + DAY - 61_000)
    assert verify(state) == {("p", "u"): ["program_name different", "updated_at different"]}
    clock(NOW + DAY - 60_000)
    assert verify(state) == {}


@pytest.mark.usefixtures("clock")
def test_an_event_that_the_job_took_at_once_must_be_there(broker: Broker, verify: Verify) -> None:
    broker.send("t", 0, payload("u", updatedAt=NOW + 60_000), moment=NOW)
    assert verify() == {("p", "u"): ["(row) missing"]}


@pytest.mark.usefixtures("clock")
def test_a_record_ahead_of_the_clock_does_not_make_its_event_certain(
    broker: Broker, verify: Verify
) -> None:
    late = CLOCK + DAY
    broker.send("t", 0, payload("u", updatedAt=late), moment=late)
    assert verify() == {}
