"""How rows differ from what they must hold, and how two tables differ from each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.store.table_scan import Cells
from program_user_info_job.verification import comparison
from program_user_info_job.verification.comparison import (
    Comparison,
    Difference,
    verify_tables,
    verify_topic,
)
from tests.unit.job.broker import Broker
from tests.unit.job.events import NOW
from tests.unit.job.written_table import Table, configured, payload

MISSING, UNEXPECTED = Difference("(row)", "missing"), Difference("(row)", "unexpected")


@pytest.mark.parametrize(
    ("expected", "row", "differences"),
    [
        ([{"a": 1}], {"a": 1}, []),
        ([{"a": 1}], {"a": 2}, [Difference("a", "different")]),
        ([{"a": 1}], {"a": None}, [Difference("a", "missing")]),
        ([{"a": None}], {"a": 2}, [Difference("a", "unexpected")]),
        ([{"a": None}], {"a": None}, []),
        # No event has the column.
        ([{"a": 1}], {"a": 1, "b": 2}, []),
        ([{"a": 1}], None, [MISSING]),
        ([None], None, []),
        ([None], {"a": 1}, [UNEXPECTED]),
        # A row of which more than one state is possible.
        ([None, {"a": 1}], None, []),
        ([None, {"a": 1}], {"a": 1}, []),
        ([None, {"a": 1}], {"a": None}, []),
        ([{"a": 1}, {"a": 2}], {"a": 2}, []),
        ([{"a": 1}, {"a": 2}], {"a": 3}, [Difference("a", "different")]),
        ([{"a": 1}, {"a": 2}], None, [MISSING]),
    ],
)
def test_how_a_row_differs(
    expected: list[Cells | None], row: Cells | None, differences: list[Difference]
) -> None:
    assert list(comparison._compare(expected, row)) == differences


@given(st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(0, 2)))
def test_a_row_does_not_differ_from_itself(row: Cells) -> None:
    assert list(comparison._compare([row], row)) == []


def test_differences_are_counted_by_column_and_kind_until_they_are_gone() -> None:
    found = Comparison()
    found.note(("p", "u"), [Difference("a", "missing"), Difference("b", "missing")])
    found.note(("p", "v"), iter([Difference("a", "missing")]))
    found.note(("p", "w"), [])
    assert found.counts() == {Difference("a", "missing"): 2, Difference("b", "missing"): 1}
    found.note(("p", "u"), [Difference("a", "different")])
    found.note(("p", "v"), [])
    assert found.by_row == {("p", "u"): [Difference("a", "different")]}


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> dict[str, Table]:
    """The table of the job and another one, empty."""
    config = configured()
    found = {name: Table(config) for name in (config.cassandra.table, "other")}

    @contextmanager
    def open_session(*_: object) -> Iterator[None]:
        yield None

    monkeypatch.setattr(comparison, "open_session", open_session)
    monkeypatch.setattr(comparison, "TableReader", lambda _session, _cassandra, name: found[name])
    return found


def test_tables_of_the_same_events_are_equal(tables: dict[str, Table]) -> None:
    for table in tables.values():
        table.write(payload("u", programName="a"))
    found = verify_tables(configured(), "other", lambda _: None)
    assert (found.rows, found.by_row) == (1, {})


def test_the_share_that_is_done_is_that_of_both_tables(
    tables: dict[str, Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    def scan(_: Table, done: Callable[[float], None]) -> Iterator[Cells]:
        for share in (0.5, 1.0):
            done(share)
        yield from ()

    monkeypatch.setattr(Table, "scan", scan)
    shares: list[float] = []
    verify_tables(configured(), "other", shares.append)
    assert shares == [0.25, 0.5, 0.75, 1.0]


def test_how_a_table_differs_from_another(tables: dict[str, Table]) -> None:
    ours, other = tables.values()
    ours.write(payload("only ours"))
    other.write(payload("only theirs"))
    ours.write(payload("changed", programName="a", programExternalId="e"))
    other.write(payload("changed", programName="b"))
    found = verify_tables(configured(), "other", lambda _: None)
    assert found.rows == 2
    assert found.by_row == {
        ("p", "only ours"): [UNEXPECTED],
        ("p", "only theirs"): [MISSING],
        ("p", "changed"): [
            Difference("program_externalid", "unexpected"),
            Difference("program_name", "different"),
        ],
    }


@pytest.mark.parametrize(
    ("ttl", "differences"),
    [
        (None, {"missing": [MISSING], "cleared": [Difference("program_name", "missing")]}),
        (0, {"missing": [MISSING], "cleared": [Difference("program_name", "missing")]}),
        (60, {}),
    ],
)
def test_what_is_missing_may_have_expired_where_cells_do(
    tables: dict[str, Table],
    monkeypatch: pytest.MonkeyPatch,
    ttl: int | None,
    differences: dict[str, list[Difference]],
) -> None:
    broker = Broker()
    broker.serve(monkeypatch)
    monkeypatch.setattr(comparison, "_SETTLED", 0.0)
    broker.create("t")
    broker.send("t", 0, payload("missing"), payload("cleared", programName="a"), moment=NOW)
    ours = tables[configured().cassandra.table]
    ours.write(payload("cleared"))
    ours.write(payload("unknown"))
    found = verify_topic(configured(cassandra={"ttl": ttl}), None, lambda _: None)
    assert found.by_row == {("p", user): each for user, each in differences.items()} | {
        ("p", "unknown"): [UNEXPECTED]
    }


def test_an_event_that_is_written_meanwhile_is_no_difference(
    tables: dict[str, Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Broker()
    broker.serve(monkeypatch)
    broker.create("t")
    broker.send("t", 0, payload("late"), moment=NOW)
    ours = tables[configured().cassandra.table]

    def wait(seconds: float) -> None:
        assert seconds == 3.0
        ours.write(payload("late"))

    monkeypatch.setattr("program_user_info_job.verification.comparison.time.sleep", wait)
    assert verify_topic(configured(), None, lambda _: None).by_row == {}
