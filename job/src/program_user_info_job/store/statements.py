"""Rows -> statements with values already in the protocol's bytes -> batches of one partition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cassandra.cluster import Session
from cassandra.query import (
    UNSET_VALUE,
    BatchStatement,
    BatchType,
    BoundStatement,
    PreparedStatement,
)

from program_user_info_job.config.model import Cassandra, Writes
from program_user_info_job.row.convert import Row
from program_user_info_job.row.layout import KEY, LAYOUTS
from program_user_info_job.store.encode import ENCODERS, encode_bigint, encode_int
from program_user_info_job.store.newest import Indexed, KeyedRows


class Batch(NamedTuple):
    """One request, and the rows it stands for: the unit of acknowledgement and of retry."""

    statement: BatchStatement | BoundStatement
    keys: list[KeyedRows]


class Statements:
    """The prepared statements of one table. Building a request involves no I/O."""

    def __init__(self, session: Session, cassandra: Cassandra, writes: Writes) -> None:
        self._session = session
        self._writes = writes
        self._insert_cql, self._delete_cql = insert_cql(cassandra), delete_cql(cassandra)
        self._ttl = () if cassandra.ttl is None else (encode_int(cassandra.ttl),)
        columns = list(LAYOUTS[cassandra.layout].columns.items())[len(KEY) :]
        self._encoders = [(name, ENCODERS[cql_type]) for name, cql_type in columns]
        self.prepare()

    def prepare(self) -> None:
        """Prepare both statements; raises `InvalidRequest` where the table does not fit them."""
        self._insert: PreparedStatement = self._session.prepare(self._insert_cql)
        self._delete: PreparedStatement = self._session.prepare(self._delete_cql)

    def batches(self, grouped: dict[str, list[KeyedRows]]) -> Iterator[Batch]:
        """Requests of one partition each, bounded in rows and bytes."""
        for keys in grouped.values():
            yield from self._partition(keys)

    def statement(self, row: Row) -> BoundStatement:
        """The statement that writes (or deletes) one row."""
        if row.deletion:
            stamp = encode_bigint(row.write_timestamp)
            return _bind(self._delete, [stamp, row.program_id.encode(), row.user_id.encode()])
        cells = row.cells
        values: list[object] = [row.program_id.encode(), row.user_id.encode()]
        for name, encode in self._encoders:
            if name in cells:
                value = cells[name]
                values.append(None if value is None else encode(value))
            else:
                values.append(UNSET_VALUE)
        values.append(encode_bigint(row.write_timestamp))
        values.extend(self._ttl)
        return _bind(self._insert, values)

    def _partition(self, keys: list[KeyedRows]) -> Iterator[Batch]:
        statements: list[BoundStatement] = []
        members: list[KeyedRows] = []
        size = 0
        for key in keys:
            built = [self.statement(row) for _, row in key.needed]
            added = sum(_size(statement) for statement in built)
            full = len(statements) + len(built) > self._writes.batch_rows
            if members and (full or size + added > self._writes.batch_bytes):
                yield Batch(_join(statements), members)
                statements, members, size = [], [], 0
            statements += built
            members.append(key)
            size += added
        if members:
            yield Batch(_join(statements), members)


def insert_cql(cassandra: Cassandra) -> str:
    """The upsert: every column, untouched ones bound as unset, at the event's write timestamp."""
    columns = LAYOUTS[cassandra.layout].columns
    ttl = "" if cassandra.ttl is None else " AND TTL ?"
    return (
        f"INSERT INTO {cassandra.keyspace}.{cassandra.table} ({', '.join(columns)})"
        f" VALUES ({', '.join('?' for _ in columns)}) USING TIMESTAMP ?{ttl}"
    )


def delete_cql(cassandra: Cassandra) -> str:
    """The row deletion, at the event's write timestamp."""
    condition = " AND ".join(f"{column} = ?" for column in KEY)
    return f"DELETE FROM {cassandra.keyspace}.{cassandra.table} USING TIMESTAMP ? WHERE {condition}"


def rows_of(batch: Batch) -> Iterable[Indexed]:
    """Every row that the batch stands for, the covered ones too, oldest first."""
    for key in batch.keys:
        yield from sorted(key.needed + key.covered, key=lambda item: item.row.write_timestamp)


def _bind(prepared: PreparedStatement, values: list[object]) -> BoundStatement:
    statement = BoundStatement(prepared)
    statement.values = values
    statement.is_idempotent = True
    return statement


def _join(statements: list[BoundStatement]) -> BatchStatement | BoundStatement:
    if len(statements) == 1:
        return statements[0]
    batch = BatchStatement(batch_type=BatchType.UNLOGGED)
    batch.is_idempotent = True
    for statement in statements:
        batch.add(statement)
    return batch


def _size(statement: BoundStatement) -> int:
    return sum(len(value) for value in statement.values if isinstance(value, bytes))
