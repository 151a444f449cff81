"""A table is read whole, page by page, through whatever passes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cassandra import InvalidRequest, OperationTimedOut, ReadTimeout
from cassandra.cluster import NoHostAvailable
from cassandra.util import Date
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.config.model import Cassandra
from program_user_info_job.row.fold import as_stored
from program_user_info_job.row.layout import LAYOUTS, CqlType
from program_user_info_job.store import table_scan
from program_user_info_job.store.table_scan import TableReader, pages, patiently, token_ranges
from tests.unit.job.prepared import MILLIS, VALUES

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CASSANDRA = Cassandra(keyspace="k")
PASSING = [OperationTimedOut(), ReadTimeout("late"), NoHostAvailable("none", {})]


@pytest.mark.parametrize("count", [1, 2, 32, 256])
def test_the_ranges_hold_each_token_once(count: int) -> None:
    ranges = token_ranges(count)
    assert len(ranges) == count
    assert (ranges[0][0], ranges[-1][1]) == (-(2**63), 2**63 - 1)
    assert [first for first, _ in ranges[1:]] == [last + 1 for _, last in ranges[:-1]]


class Session:
    """Rows by the first token of their range, `page` of them on a page."""

    def __init__(self, ranges: dict[int, list[Any]], page: int = 2) -> None:
        self._ranges, self._page = ranges, page
        self.prepared: list[str] = []

    def prepare(self, cql: str) -> SimpleNamespace:
        self.prepared.append(cql)
        return SimpleNamespace(cql=cql)

    def execute(self, select: Any, values: tuple[Any, ...], paging_state: int | None = None) -> Any:
        if isinstance(values[0], str):
            every = (row for rows in self._ranges.values() for row in rows)
            return [row for row in every if (row.program_id, row.user_id) == values]
        rows, start = self._ranges.get(values[0], []), paging_state or 0
        end = start + self._page
        return SimpleNamespace(
            current_rows=rows[start:end], paging_state=end if end < len(rows) else None
        )


@given(st.lists(st.integers(), max_size=9), st.integers(1, 4))
def test_pages_are_followed_to_the_last(rows: list[int], page: int) -> None:
    found = list(pages(Session({5: rows}, page), None, (5, 9)))
    assert [row for each in found for row in each] == rows
    assert all(len(each) == page for each in found[:-1])


def row(user: str, layout: str = "flat", **cells: Any) -> SimpleNamespace:
    names = dict.fromkeys(LAYOUTS[layout].columns)
    return SimpleNamespace(**names | {"program_id": "p", "user_id": user} | cells)


def test_a_scan_finds_the_rows_of_all_ranges_and_tells_how_far_it_is() -> None:
    ranges = token_ranges(32)
    session = Session({ranges[0][0]: [row("a"), row("b"), row("c")], ranges[-1][0]: [row("d")]})
    shares: list[float] = []
    found = TableReader(session, CASSANDRA, "t").scan(shares.append)
    assert [each["user_id"] for each in found] == ["a", "b", "c", "d"]
    assert shares == [number / 32 for number in range(1, 33)]


def test_one_row_is_found_by_its_key() -> None:
    reader = TableReader(Session({0: [row("a", user_type="teacher"), row("b")]}), CASSANDRA, "t")
    found = reader.find(("p", "a"))
    assert found == dict.fromkeys(LAYOUTS["flat"].columns) | {
        "program_id": "p",
        "user_id": "a",
        "user_type": "teacher",
    }
    assert reader.find(("p", "c")) is None


def test_all_columns_of_the_layout_are_asked_for() -> None:
    session = Session({})
    TableReader(session, Cassandra(keyspace="k", layout="map"), "other")
    select = f"SELECT {', '.join(LAYOUTS['map'].columns)} FROM k.other WHERE "
    assert session.prepared == [
        f"{select}token(program_id) >= ? AND token(program_id) <= ?",
        f"{select}program_id = ? AND user_id = ?",
    ]


def as_the_driver_has_it(value: Any, kind: CqlType) -> Any:
    moment = EPOCH + timedelta(milliseconds=value) if isinstance(value, int) else None
    if moment is not None and kind is CqlType.TIMESTAMP:
        return moment.replace(tzinfo=None)
    if moment is not None and kind is CqlType.DATE:
        return Date(moment.date())
    return value


@given(st.sampled_from(list(VALUES)).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind])))
def test_a_value_that_is_read_is_the_one_that_was_written(given: tuple[CqlType, Any]) -> None:
    kind, value = given
    assert table_scan._plain(as_the_driver_has_it(value, kind), kind) == as_stored(value, kind)


@given(MILLIS)
def test_a_date_that_is_read_has_no_time(millis: int) -> None:
    assert table_scan._plain(Date(millis // 86_400_000), CqlType.DATE) == millis // 86_400_000


@pytest.mark.parametrize("kind", list(CqlType))
def test_a_cell_that_is_not_there_is_none(kind: CqlType) -> None:
    assert table_scan._plain(None, kind) is None


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, each time; nobody does wait."""
    seconds: list[float] = []
    monkeypatch.setattr("program_user_info_job.store.table_scan.time.sleep", seconds.append)
    return seconds


def failing(errors: Iterator[Exception]) -> Any:
    """A step that fails with each of these once, then is done."""

    def step() -> str:
        for error in errors:
            raise error
        return "done"

    return step


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_what_passes_is_waited_out_longer_and_longer(slept: list[float], error: Exception) -> None:
    assert patiently(failing(iter([error] * 7))) == "done"
    assert len(slept) == 7
    longest = [min(0.2 * 2**attempt, 10) for attempt in range(7)]
    assert all(most / 2 <= each <= most for each, most in zip(slept, longest, strict=True))


def test_what_does_not_pass_in_eight_attempts_is_raised(slept: list[float]) -> None:
    with pytest.raises(OperationTimedOut):
        patiently(failing(iter([OperationTimedOut()] * 8)))
    assert len(slept) == 7


def test_a_refusal_is_raised_at_once(slept: list[float]) -> None:
    with pytest.raises(InvalidRequest):
        patiently(failing(iter([InvalidRequest("no")])))
    assert slept == []
