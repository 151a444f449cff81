"""What a table must hold after a set of rows, whatever their order: the newest cell wins.

Cassandra's own rule (`Cells.resolveRegular`, `DeletionTime.deletes`): of one write timestamp, a
cleared cell wins over a value, the greater value over the smaller one, a deletion over both.
"""

from __future__ import annotations

from typing import Any

import msgspec

from program_user_info_job.row.event_to_row import Row
from program_user_info_job.row.layout import CqlType

_MILLIS_PER_DAY = 86_400_000
_NEVER = -(2**63)


class Folded(msgspec.Struct):
    """One program and user: each column's newest write timestamp and value, null if cleared.

    `deleted` is the newest deletion's write timestamp, `written` the newest row's. `uncertain` are
    rows that may have been written, or not.
    """

    cells: dict[str, tuple[int, Any]] = {}
    deleted: int = _NEVER
    written: int = _NEVER
    uncertain: list[Folded] = []

    def add(self, row: Row, columns: dict[str, CqlType], *, certain: bool = True) -> None:
        """Take one row in; `columns` are those of its layout."""
        folded = _of_one(row, columns)
        if certain:
            self.merge(folded)
        else:
            self.uncertain.append(folded)

    def possible(self, latest: int) -> list[Folded]:
        """What the table may hold: without the uncertain rows, and with each of them alone.

        Of several that were written, each cell is that of one. None is newer than `latest`, a write
        timestamp: it was not written.
        """
        found = [Folded(self.cells, self.deleted, self.written)]
        for each in self.uncertain:
            if max(each.deleted, each.written) <= latest:
                found.append(Folded(dict(self.cells), self.deleted, self.written))
                found[-1].merge(each)
        return found

    def merge(self, other: Folded) -> None:
        """Take in the certain rows of another one."""
        self.deleted = max(self.deleted, other.deleted)
        self.written = max(self.written, other.written)
        for name, cell in other.cells.items():
            old = self.cells.get(name)
            if old is None or _rank(cell) > _rank(old):
                self.cells[name] = cell

    @property
    def exists(self) -> bool:
        """Whether there is a row at all."""
        return self.written > self.deleted

    def values(self) -> dict[str, Any]:
        """The columns that the rows have, with what they must hold."""
        return {
            name: value if moment > self.deleted else None
            for name, (moment, value) in self.cells.items()
        }


def as_stored(value: Any, cql_type: CqlType) -> Any:
    """A cell's value as the table can tell it from others: a date has no time, a map no order."""
    if value is not None and cql_type is CqlType.DATE:
        return value // _MILLIS_PER_DAY
    if value is not None and cql_type is CqlType.TEXT_MAP:
        return [list(item) for item in sorted(value.items())]
    return value


def _of_one(row: Row, columns: dict[str, CqlType]) -> Folded:
    stamp = row.write_timestamp
    if row.deletion:
        return Folded(deleted=stamp)
    cells = {name: (stamp, as_stored(cell, columns[name])) for name, cell in row.cells.items()}
    return Folded(cells, written=stamp)


def _rank(cell: tuple[int, Any]) -> tuple[int, bool, bytes]:
    moment, value = cell
    if value is None:
        return moment, True, b""
    if isinstance(value, int):  # a boolean, a date or a timestamp, none before 1 AD
        return moment, False, (value + 2**63).to_bytes(8, "big")
    text = value if isinstance(value, str) else repr(value)
    return moment, False, text.encode()
