"""Statements that are prepared without a server, and rows for them."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable
from typing import Literal

from cassandra import cqltypes
from cassandra.query import PreparedStatement
from hypothesis import strategies as st

from program_user_info_job.config.model import Cassandra, Writes
from program_user_info_job.row.event_to_row import Row
from program_user_info_job.row.layout import LAYOUTS, CqlType
from program_user_info_job.store.batches import Batch, Statements
from program_user_info_job.store.gathered_rows import GatheredRows
from program_user_info_job.store.needed_rows import EncodedRow, Indexed

DRIVER_TYPES = {
    CqlType.TEXT: cqltypes.UTF8Type,
    CqlType.BOOLEAN: cqltypes.BooleanType,
    CqlType.TIMESTAMP: cqltypes.DateType,
    CqlType.DATE: cqltypes.SimpleDateType,
    CqlType.TEXT_MAP: cqltypes.MapType.apply_parameters([cqltypes.UTF8Type, cqltypes.UTF8Type]),
}
Column = namedtuple("Column", "keyspace_name table_name name type")

MILLIS = st.integers(-62_135_596_800_000, 253_402_300_799_999)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = {
    CqlType.TEXT: TEXT,
    CqlType.BOOLEAN: st.booleans(),
    CqlType.TIMESTAMP: MILLIS,
    CqlType.DATE: MILLIS,
    CqlType.TEXT_MAP: st.dictionaries(TEXT, TEXT, max_size=4),
}


class FakeSession:
    """Prepares without a server: the driver's statements need only the columns' types."""

    def __init__(self, layout: str, ttl: bool) -> None:
        types = [DRIVER_TYPES[cql_type] for cql_type in LAYOUTS[layout].columns.values()]
        self.insert = [*types, cqltypes.LongType, *([cqltypes.Int32Type] if ttl else [])]

    def prepare(self, cql: str) -> PreparedStatement:
        deletes = cql.startswith("DELETE")
        types = [cqltypes.LongType, *[cqltypes.UTF8Type] * 2] if deletes else self.insert
        columns = [Column("k", "t", str(n), each) for n, each in enumerate(types)]
        key = [1] if deletes else [0]
        return PreparedStatement(columns, cql.encode()[:16], key, cql, "k", 4, None, b"")


def statements(
    layout: Literal["flat", "map"] = "flat",
    ttl: int | None = None,
    writes: Writes | None = None,
) -> Statements:
    cassandra = Cassandra(contact_points=["c:9042"], local_datacenter="dc", layout=layout, ttl=ttl)
    return Statements(FakeSession(layout, ttl is not None), cassandra, writes or Writes())


def rows(count: int, program: str = "p", size: int = 1) -> list[Indexed]:
    return [
        Indexed(n, Row(program, f"u{n}", {"program_name": "x" * size}, n)) for n in range(count)
    ]


def encoded(items: Iterable[Indexed]) -> list[EncodedRow]:
    """Rows as the write stage keeps them."""
    return list(map(statements().encoded, items))


def batches(items: Iterable[Indexed]) -> list[Batch]:
    """The requests that rows become, of any number of programs."""
    prepared, gathered = statements(), GatheredRows(Writes().batch_rows)
    filled = gathered.add(map(prepared.encoded, items))
    return [batch for rows in [*filled, *gathered.take_all()] for batch in prepared.batches(rows)]
