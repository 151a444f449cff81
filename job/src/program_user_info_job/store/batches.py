"""Rows -> statements in the protocol's bytes -> batches of one partition."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cassandra import InvalidRequest
from cassandra.cluster import Session

from program_user_info_job.config.model import Cassandra, Writes
from program_user_info_job.row.event_to_row import Row
from program_user_info_job.row.layout import KEY, LAYOUTS
from program_user_info_job.store.driver_errors import explain_misfit
from program_user_info_job.store.encode import (
    ENCODERS,
    encode_bigint,
    encode_int,
    encode_statement,
)
from program_user_info_job.store.encoded_batch import EncodedBatch, statement_head
from program_user_info_job.store.needed_rows import (
    EncodedRow,
    Indexed,
    KeyedRows,
    by_user,
)

_PROBE = "program-user-info-probe"
"""Program and user of the row that asks a server whether it takes rows at all."""


class Batch(NamedTuple):
    """One request, and the rows it stands for: the unit of acknowledgement and of retry."""

    statement: EncodedBatch
    keys: list[KeyedRows]


class Statements:
    """The prepared statements of one table. Building a request involves no I/O."""

    def __init__(self, session: Session, cassandra: Cassandra, writes: Writes) -> None:
        self._session = session
        self._cassandra, self._writes = cassandra, writes
        self._insert_cql, self._delete_cql = insert_cql(cassandra), delete_cql(cassandra)
        # As the server has it: the driver looks up the replicas of a partition by it.
        self._keyspace = cassandra.keyspace.lower()
        self._ttl = b"" if cassandra.ttl is None else encode_int(cassandra.ttl)
        columns = list(LAYOUTS[cassandra.layout].columns.items())[len(KEY) :]
        self._columns = tuple((name, ENCODERS[cql_type]) for name, cql_type in columns)
        self._delete_values = 1 + len(KEY)
        self._insert_values = len(columns) + self._delete_values + (cassandra.ttl is not None)
        self.prepare()

    def prepare(self) -> None:
        """Prepare both statements; raises `CassandraNotReady` where the table does not fit them."""
        # Kept for the driver: it prepares them again on a node that has forgotten them.
        try:
            self._prepared = [
                self._session.prepare(cql) for cql in (self._insert_cql, self._delete_cql)
            ]
        except InvalidRequest as error:
            raise explain_misfit(self._cassandra, error) from error
        insert, delete = (prepared.query_id for prepared in self._prepared)
        self._insert_head = statement_head(insert, self._insert_values)
        self._delete_head = statement_head(delete, self._delete_values)

    def batches(self, rows: Sequence[EncodedRow]) -> Iterator[Batch]:
        """Requests for rows of one program, bounded in rows and bytes."""
        partition_key = rows[0].program_id.encode()
        statements: list[bytes] = []
        members: list[KeyedRows] = []
        size = 0
        for key in by_user(rows):
            built = [row.statement for row in key.needed]
            added = sum(map(len, built))
            full = len(statements) + len(built) > self._writes.batch_rows
            if members and (full or size + added > self._writes.batch_bytes):
                yield Batch(EncodedBatch(statements, partition_key, self._keyspace), members)
                statements, members, size = [], [], 0
            statements += built
            members.append(key)
            size += added
        yield Batch(EncodedBatch(statements, partition_key, self._keyspace), members)

    def probe(self) -> Batch:
        """A row that is written and deleted at once, as a server sees any other row."""
        now = time.time_ns() // 1000
        row = Row(_PROBE, _PROBE, {}, now)
        written = [self.encode(row), self.encode(Row(_PROBE, _PROBE, {}, now + 1, deletion=True))]
        return Batch(EncodedBatch(written, _PROBE.encode(), self._keyspace), [])

    def encoded(self, item: Indexed) -> EncodedRow:
        """A row as the statement that writes it: its cells are needed no longer."""
        row = item.row
        return EncodedRow(
            item.position,
            row.program_id,
            row.user_id,
            row.write_timestamp,
            tuple(row.cells),
            row.deletion,
            self.encode(row),
        )

    def encode(self, row: Row) -> bytes:
        """The statement that writes (or deletes) one row, as bytes of a batch."""
        key = (row.program_id, row.user_id)
        stamp = encode_bigint(row.write_timestamp)
        if row.deletion:
            return encode_statement(self._delete_head + stamp, key, (), {}, b"")
        return encode_statement(self._insert_head, key, self._columns, row.cells, stamp + self._ttl)


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


def rows_of(batch: Batch) -> Iterable[EncodedRow]:
    """Every row that the batch stands for, the covered ones too, oldest first."""
    for key in batch.keys:
        yield from sorted([*key.needed, *key.covered], key=lambda row: row.write_timestamp)
