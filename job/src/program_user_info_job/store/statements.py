"""Rows -> statements in the protocol's bytes -> batches of one partition."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cassandra import InvalidRequest
from cassandra.cluster import Session

from program_user_info_job.config.model import Cassandra, Writes
from program_user_info_job.row.convert import Row
from program_user_info_job.row.layout import KEY, LAYOUTS
from program_user_info_job.store.driver_errors import explain_misfit
from program_user_info_job.store.encode import (
    ENCODERS,
    NULL,
    UNSET,
    encode_bigint,
    encode_int,
    encode_text,
    length,
)
from program_user_info_job.store.encoded_batch import EncodedBatch, statement_head
from program_user_info_job.store.needed_rows import Indexed, KeyedRows

_UNTOUCHED = object()
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
        self._encoders = [(name, ENCODERS[cql_type]) for name, cql_type in columns]
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

    def batches(self, grouped: dict[str, list[KeyedRows]]) -> Iterator[Batch]:
        """Requests of one partition each, bounded in rows and bytes."""
        for program_id, keys in grouped.items():
            yield from self._partition(program_id.encode(), keys)

    def probe(self) -> Batch:
        """A row that is written and deleted at once, as a server sees any other row."""
        now = time.time_ns() // 1000
        row = Row(_PROBE, _PROBE, {}, now)
        written = [self.encode(row), self.encode(Row(_PROBE, _PROBE, {}, now + 1, deletion=True))]
        return Batch(EncodedBatch(written, _PROBE.encode(), self._keyspace), [])

    def encode(self, row: Row) -> bytes:
        """The statement that writes (or deletes) one row, as bytes of a batch."""
        key = encode_text(row.program_id) + encode_text(row.user_id)
        stamp = encode_bigint(row.write_timestamp)
        if row.deletion:
            return self._delete_head + stamp + key
        parts = [self._insert_head, key]
        add, find = parts.append, row.cells.get
        for name, encode in self._encoders:
            value = find(name, _UNTOUCHED)
            if value.__class__ is str:  # nearly all are: spared the call of their encoder
                text = value.encode()
                add(length(len(text)))
                add(text)
            elif value is None:
                add(NULL)
            else:
                add(UNSET if value is _UNTOUCHED else encode(value))
        add(stamp)
        add(self._ttl)
        return b"".join(parts)

    def _partition(self, partition_key: bytes, keys: list[KeyedRows]) -> Iterator[Batch]:
        statements: list[bytes] = []
        members: list[KeyedRows] = []
        size = 0
        for key in keys:
            built = [self.encode(item.row) for item in key.needed]
            added = sum(map(len, built))
            full = len(statements) + len(built) > self._writes.batch_rows
            if members and (full or size + added > self._writes.batch_bytes):
                yield Batch(EncodedBatch(statements, partition_key, self._keyspace), members)
                statements, members, size = [], [], 0
            statements += built
            members.append(key)
            size += added
        if members:
            yield Batch(EncodedBatch(statements, partition_key, self._keyspace), members)


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
        yield from sorted([*key.needed, *key.covered], key=lambda item: item.row.write_timestamp)
