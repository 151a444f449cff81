"""Newest first, cell by cell: which rows of a request still matter once all of them are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from program_user_info_job.row.event_to_row import Row


class Indexed(msgspec.Struct, frozen=True, gc=False):
    """A row and the position of its event in what Flink handed over at once."""

    position: int
    row: Row


class EncodedRow(msgspec.Struct, frozen=True, gc=False):
    """A row as the statement that writes it, and what decides whether it has to be written.

    `columns` are those that the statement touches. `position` is that of its event.
    """

    position: int
    program_id: str
    user_id: str
    write_timestamp: int
    columns: tuple[str, ...]
    deletion: bool
    statement: bytes


class KeyedRows(msgspec.Struct, frozen=True, gc=False):
    """All rows of one program and user: the ones to write, and the ones that those cover."""

    needed: Sequence[EncodedRow]
    covered: Sequence[EncodedRow] = ()


def by_user(rows: Iterable[EncodedRow]) -> list[KeyedRows]:
    """Rows of one program by user, reduced to the needed ones."""
    grouped: dict[str, list[EncodedRow]] = {}
    for row in rows:
        user = row.user_id
        if user in grouped:
            grouped[user].append(row)
        else:
            grouped[user] = [row]
    return [KeyedRows(each) if len(each) == 1 else _reduce(each) for each in grouped.values()]


def _reduce(rows: Sequence[EncodedRow]) -> KeyedRows:
    """Drop a row only where strictly newer rows have each of its columns.

    Rows of one write timestamp are all kept, for Cassandra breaks such ties by value and the
    outcome must not depend on what happened to share a batch. Repeats of one event are dropped.
    """
    needed: list[EncodedRow] = []
    covered: list[EncodedRow] = []
    for row in sorted(rows, key=lambda row: row.write_timestamp, reverse=True):
        (covered if _is_covered(row, needed) else needed).append(row)
    return KeyedRows(needed, covered)


def _is_covered(row: EncodedRow, newer: Sequence[EncodedRow]) -> bool:
    spoken: set[str] = set()
    for other in newer:
        if other.statement == row.statement:
            return True
        if other.write_timestamp == row.write_timestamp:
            continue
        if other.deletion:
            return True
        spoken.update(other.columns)
    return not row.deletion and spoken.issuperset(row.columns)
