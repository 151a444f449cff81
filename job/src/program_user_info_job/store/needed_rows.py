"""Newest first, cell by cell: which rows of one call still matter once all of them are written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from program_user_info_job.row.convert import Row


class Indexed(msgspec.Struct, frozen=True, gc=False):
    """A row and the position of its event in what Flink handed over at once."""

    position: int
    row: Row


class KeyedRows(msgspec.Struct, frozen=True, gc=False):
    """All rows of one program and user: the ones to write, and the ones that those cover."""

    needed: Sequence[Indexed]
    covered: Sequence[Indexed] = ()


def group_by_program(rows: Iterable[Indexed]) -> dict[str, list[KeyedRows]]:
    """Rows by partition key, and within it by user, reduced to the needed ones."""
    grouped: defaultdict[str, list[Indexed]] = defaultdict(list)
    for item in rows:
        grouped[item.row.program_id].append(item)
    return {program: _by_user(items) for program, items in grouped.items()}


def _by_user(rows: Iterable[Indexed]) -> list[KeyedRows]:
    """Of one program."""
    grouped: dict[str, list[Indexed]] = {}
    for item in rows:
        user = item.row.user_id
        if user in grouped:
            grouped[user].append(item)
        else:
            grouped[user] = [item]
    return [_reduce(items) for items in grouped.values()]


def _reduce(items: Sequence[Indexed]) -> KeyedRows:
    """Drop a row only where strictly newer rows have each of its columns.

    Rows of one write timestamp are all kept, for Cassandra breaks such ties by value and the
    outcome must not depend on what happened to share a batch. Repeats of one event are dropped.
    """
    if len(items) == 1:
        return KeyedRows(items)
    needed: list[Indexed] = []
    covered: list[Indexed] = []
    for item in sorted(items, key=lambda item: item.row.write_timestamp, reverse=True):
        (covered if _is_covered(item.row, needed) else needed).append(item)
    return KeyedRows(needed, covered)


def _is_covered(row: Row, newer: Sequence[Indexed]) -> bool:
    spoken: set[str] = set()
    for item in newer:
        other = item.row
        if other == row:
            return True
        if other.write_timestamp == row.write_timestamp:
            continue
        if other.deletion:
            return True
        spoken.update(other.cells)
    return not row.deletion and spoken.issuperset(row.cells)
