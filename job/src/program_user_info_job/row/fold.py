"""What a table must hold after a set of rows, whatever their order: the newest cell wins.

Cassandra's own rule (`Cells.resolveRegular`, `DeletionTime.deletes`): of one write timestamp, a
cleared cell wins over a value, the greater value over the smaller one, a deletion over both.
"""

from __future__ import annotations

from typing import Any

import msgspec

from program_user_info_job.row.convert import Row
from program_user_info_job.row.layout import CqlType

_MILLIS_PER_DAY = 86_400_000


class Folded(msgspec.Struct):
    """One program and user: each column's newest write timestamp and value, null if cleared.

    `deleted` is the newest deletion's write timestamp, `written` the newest row's.
    """

    cells: dict[str, tuple[int, Any]] = {}
    deleted: int = -(2**63)
    written: int = -(2**63)

    def add(self, row: Row, columns: dict[str, CqlType]) -> None:
        """Take one row in; `columns` are those of its layout."""
        if row.deletion:
            self.deleted = max(self.deleted, row.write_timestamp)
            return
        self.written = max(self.written, row.write_timestamp)
        for name, value in row.cells.items():
            cell = (row.write_timestamp, as_stored(value, columns[name]))
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


def _rank(cell: tuple[int, Any]) -> tuple[int, bool, bytes]:
    moment, value = cell
    if value is None:
        return moment, True, b""
    if isinstance(value, int):  # a boolean, a date or a timestamp, none before 1 AD
        return moment, False, (value + 2**63).to_bytes(8, "big")
    text = value if isinstance(value, str) else repr(value)
    return moment, False, text.encode()
