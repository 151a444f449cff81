"""Which rows of a batch still matter."""

from __future__ import annotations

from typing import Any

from program_user_info_job.row.event_to_row import Row
from program_user_info_job.store.needed_rows import Indexed, by_user
from tests.unit.job.prepared import encoded


def row(stamp: int, *, deletion: bool = False, **cells: Any) -> Row:
    return Row("p", "u", cells, stamp, deletion)


def needed(*rows: Row) -> list[int]:
    """Write timestamps and positions of the rows that are written."""
    (keys,) = by_user(encoded(Indexed(n, each) for n, each in enumerate(rows)))
    assert len(keys.needed) + len(keys.covered) == len(rows)
    return sorted(item.position for item in keys.needed)


def test_an_older_row_is_dropped_where_newer_ones_speak_of_all_its_columns() -> None:
    assert needed(row(1, program_name="1"), row(2, program_name="2")) == [1]
    assert needed(row(2, program_name="2"), row(1, program_name="1")) == [0]
    assert needed(
        row(1, program_name="1", user_type="1"), row(2, program_name="2"), row(3, user_type="3")
    ) == [1, 2]


def test_an_older_row_stays_where_a_column_is_its_alone() -> None:
    assert needed(row(1, program_name="1", user_type="1"), row(2, program_name="2")) == [0, 1]


def test_rows_of_one_time_stay_for_cassandra_to_decide_between() -> None:
    assert needed(row(1, program_name="1"), row(1, program_name="2")) == [0, 1]


def test_repeats_of_one_event_are_written_once() -> None:
    assert (
        len(needed(row(1, program_name="1"), row(1, program_name="1"), row(1, program_name="1")))
        == 1
    )


def test_a_repeat_is_found_among_other_rows_of_its_time() -> None:
    first, second = row(1, program_name="1"), row(1, program_name="2")
    assert needed(first, second, second, first) == [0, 1]


def test_a_deletion_covers_what_is_older_and_nothing_covers_it() -> None:
    assert needed(row(1, program_name="1"), row(2, deletion=True)) == [1]
    assert needed(row(1, deletion=True), row(2, program_name="1")) == [0, 1]
    assert needed(row(1, deletion=True), row(2, deletion=True)) == [1]


def test_rows_are_grouped_by_user() -> None:
    rows = [Row("p", user, {"program_name": user}, 1) for user in "uvu"]
    grouped = by_user(encoded(Indexed(n, row) for n, row in enumerate(rows)))
    assert [[row.user_id for row in keys.needed] for keys in grouped] == [["u"], ["v"]]
    assert [len(keys.covered) for keys in grouped] == [1, 0]
