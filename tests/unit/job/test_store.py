"""Statements, their bytes, the schema: what can be known without a server."""

from __future__ import annotations

import struct
from collections import namedtuple
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from cassandra import cqltypes
from cassandra.query import UNSET_VALUE, BatchStatement, PreparedStatement
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.config.model import Cassandra, Writes
from program_user_info_job.row.convert import Row
from program_user_info_job.row.layout import FLAT, LAYOUTS, CqlType
from program_user_info_job.store.encode import ENCODERS
from program_user_info_job.store.newest import Indexed, group_by_program
from program_user_info_job.store.schema import create_statements, mismatches
from program_user_info_job.store.statements import Statements, rows_of

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
        return PreparedStatement(columns, cql.encode(), key, cql, "k", 4, None, b"")


def statements(layout: str = "flat", ttl: int | None = None, **writes: int) -> Statements:
    cassandra = Cassandra(contact_points=["c:9042"], local_datacenter="dc", layout=layout, ttl=ttl)
    return Statements(FakeSession(layout, ttl is not None), cassandra, Writes(**writes))


def as_driver_takes_it(value: Any, cql_type: CqlType) -> Any:
    moment = (
        datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value or 0)
        if (cql_type is CqlType.DATE)
        else None
    )
    return value if value is None or moment is None else date.fromordinal(moment.toordinal())


@given(st.data(), st.sampled_from(["flat", "map"]), st.sampled_from([None, 60]))
def test_our_bytes_are_those_of_the_drivers_own_binding(
    data: st.DataObject, layout: str, ttl: int | None
) -> None:
    columns = list(LAYOUTS[layout].columns.items())[2:]
    cells = data.draw(
        st.fixed_dictionaries(
            {}, optional={name: st.none() | VALUES[kind] for name, kind in columns}
        )
    )
    row = Row("p", "é", cells, data.draw(st.integers(-(2**62), 2**62)))
    subject = statements(layout, ttl)
    bound = subject.statement(row)
    expected = subject._insert.bind(
        [
            row.program_id,
            row.user_id,
            *(as_driver_takes_it(cells[n], t) if n in cells else UNSET_VALUE for n, t in columns),
            row.write_timestamp,
            *([] if ttl is None else [ttl]),
        ]
    )
    if "user_locations" in cells and cells["user_locations"] is not None:
        position = list(LAYOUTS[layout].columns).index("user_locations")
        assert unmap(bound.values.pop(position)) == unmap(expected.values.pop(position))
    assert bound.values == expected.values
    assert bound.routing_key == b"p"


def unmap(data: bytes) -> dict[str, str]:
    found: dict[str, str] = dict(DRIVER_TYPES[CqlType.TEXT_MAP].deserialize(data, 4).items())
    return found


def test_a_date_is_the_day_of_its_timestamp() -> None:
    assert ENCODERS[CqlType.DATE](-1) == struct.pack(">I", 2**31 - 1)


def test_a_deletion_is_a_statement_of_its_own() -> None:
    bound = statements().statement(Row("p", "u", {}, 5, deletion=True))
    assert bound.values == [struct.pack(">q", 5), b"p", b"u"]
    assert bound.routing_key == b"p"


def rows(count: int, program: str = "p", size: int = 1) -> list[Indexed]:
    return [
        Indexed(n, Row(program, f"u{n}", {"program_name": "x" * size}, n)) for n in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "size", "limits", "batches"),
    [
        (1, 1, {}, [1]),
        (7, 1, {"batch_rows": 3}, [3, 3, 1]),
        (5, 100, {"batch_bytes": 300}, [2, 2, 1]),
        (3, 1000, {"batch_bytes": 10}, [1, 1, 1]),
    ],
)
def test_batches_are_bounded_in_rows_and_bytes(
    count: int, size: int, limits: dict[str, int], batches: list[int]
) -> None:
    built = list(statements(**limits).batches(group_by_program(rows(count, size=size))))
    assert [len(batch.keys) for batch in built] == batches
    assert isinstance(built[0].statement, BatchStatement) == (batches[0] > 1)


def test_a_batch_holds_one_partition_and_knows_all_its_rows() -> None:
    items = [*rows(2), *rows(2, "q")]
    items.append(Indexed(9, Row("p", "u0", {"program_name": "newer"}, 99)))
    built = list(statements().batches(group_by_program(items)))
    assert [{item.row.program_id for item in rows_of(batch)} for batch in built] == [{"p"}, {"q"}]
    assert {item.position for item in rows_of(built[0])} == {0, 1, 9}


def test_the_schema_is_the_documents() -> None:
    keyspace, table = create_statements(Cassandra(contact_points=["c:1"], local_datacenter="dc"))
    assert "'class': 'SimpleStrategy', 'replication_factor': '1'" in keyspace
    assert "created_at timestamp" in table
    assert "PRIMARY KEY (program_id, user_id)" in table


def test_a_table_that_does_not_fit_is_described_column_by_column() -> None:
    cassandra = Cassandra(contact_points=["c:1"], local_datacenter="dc")
    live = {name: str(kind) for name, kind in FLAT.columns.items()}
    assert mismatches(cassandra, live) == []
    live["created_at"] = "date"
    del live["block_id"]
    assert mismatches(cassandra, live) == [
        "column block_id text is missing",
        "column created_at is date, timestamp is needed",
    ]
    mapped = msgspec.structs.replace(cassandra, layout="map")
    assert "user_locations map<text, text> is missing" in "; ".join(mismatches(mapped, live))
