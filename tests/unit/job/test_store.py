"""Statements, their bytes, the schema: what can be known without a server."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import msgspec
import pytest
from cassandra import ConsistencyLevel
from cassandra.protocol import BatchMessage, PrepareMessage, ProtocolHandler
from cassandra.query import UNSET_VALUE, BatchStatement, BatchType
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.config.model import Cassandra, Writes
from program_user_info_job.row.event_to_row import Row
from program_user_info_job.row.layout import FLAT, LAYOUTS, CqlType
from program_user_info_job.store import batches, encode
from program_user_info_job.store.batches import Statements, rows_of
from program_user_info_job.store.encode import ENCODERS
from program_user_info_job.store.encoded_batch import EncodedBatch, EncodedBatches
from program_user_info_job.store.needed_rows import Indexed
from program_user_info_job.store.schema import create_statements, mismatches
from tests.unit.job.prepared import TEXT, VALUES, FakeSession, encoded, rows, statements


def as_driver_takes_it(value: Any, cql_type: CqlType) -> Any:
    if value is not None and cql_type is CqlType.DATE:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
        return date.fromordinal(moment.toordinal())
    # The server sorts a map; ours are sent sorted.
    return dict(sorted(value.items())) if isinstance(value, dict) else value


def frame(
    handler: type[ProtocolHandler], batch_type: BatchType, statements: Sequence[Any]
) -> bytes:
    message = BatchMessage(batch_type, statements, ConsistencyLevel.LOCAL_QUORUM, timestamp=77)
    encoded: bytes = handler.encode_message(message, 5, 4, None, False)
    return encoded


@pytest.fixture(params=["encode_statement", "encode_statement_in_python"], scope="module")
def _either_way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Compiled where that is there, and in Python."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "encode_statement", getattr(encode, request.param))
        yield


@pytest.mark.usefixtures("_either_way")
@given(st.data(), st.sampled_from(["flat", "map"]), st.sampled_from([None, 60]))
def test_our_batch_is_byte_for_byte_what_the_driver_would_send(
    data: st.DataObject, layout: Literal["flat", "map"], ttl: int | None
) -> None:
    subject = statements(layout, ttl)
    insert, delete = subject._prepared
    columns = list(LAYOUTS[layout].columns.items())[2:]
    drawn_cells = st.fixed_dictionaries(
        {}, optional={name: st.none() | VALUES[kind] for name, kind in columns}
    )
    theirs = BatchStatement(batch_type=BatchType.UNLOGGED)
    ours = []
    for user in data.draw(st.lists(TEXT, min_size=1, max_size=3)):
        cells, stamp = data.draw(drawn_cells), data.draw(st.integers(-(2**62), 2**62))
        row = Row("é", user, cells, stamp, data.draw(st.booleans()))
        ours.append(subject.encode(row))
        if row.deletion:
            theirs.add(delete.bind([stamp, "é", user]))
            continue
        values = [
            as_driver_takes_it(cells[n], t) if n in cells else UNSET_VALUE for n, t in columns
        ]
        theirs.add(insert.bind(["é", user, *values, stamp, *([] if ttl is None else [ttl])]))
    ours_sent = EncodedBatch(ours, "é".encode(), "k")
    assert frame(
        EncodedBatches, ours_sent.batch_type, ours_sent._statements_and_parameters
    ) == frame(ProtocolHandler, theirs.batch_type, theirs._statements_and_parameters)
    assert ours_sent.routing_key == theirs.routing_key


def test_other_messages_pass_as_they_are() -> None:
    message = PrepareMessage("SELECT 1")
    assert EncodedBatches.encode_message(message, 5, 4, None, False) == (
        ProtocolHandler.encode_message(message, 5, 4, None, False)
    )


def test_a_message_can_be_sent_again() -> None:
    batch = EncodedBatch([b"one", b"two"], b"p", "k")
    message = BatchMessage(batch.batch_type, batch._statements_and_parameters, 1)
    first = EncodedBatches.encode_message(message, 5, 4, None, False)
    assert EncodedBatches.encode_message(message, 5, 4, None, False) == first


def test_a_date_is_the_day_of_its_timestamp() -> None:
    assert ENCODERS[CqlType.DATE](-1) == struct.pack(">II", 4, 2**31 - 1)


@pytest.mark.parametrize(
    ("count", "size", "limits", "batches"),
    [
        (1, 1, {}, [1]),
        (7, 1, Writes(batch_rows=3), [3, 3, 1]),
        (5, 100, Writes(batch_bytes=600), [2, 2, 1]),
        (3, 1000, Writes(batch_bytes=10), [1, 1, 1]),
    ],
)
def test_batches_are_bounded_in_rows_and_bytes(
    count: int, size: int, limits: Writes, batches: list[int]
) -> None:
    built = list(statements(writes=limits).batches(encoded(rows(count, size=size))))
    assert [len(batch.keys) for batch in built] == batches
    assert [len(batch.statement) for batch in built] == batches


def test_a_batch_holds_one_partition_and_knows_all_its_rows() -> None:
    items = [*rows(2), Indexed(9, Row("p", "u0", {"program_name": "newer"}, 99))]
    (batch,) = statements().batches(encoded(items))
    assert batch.statement.routing_key == b"p"
    assert [row.position for row in rows_of(batch)] == [0, 9, 1]  # of one user, the oldest first
    assert [row.position for key in batch.keys for row in key.needed] == [9, 1]


def test_the_driver_finds_the_replicas_of_a_keyspace_in_any_case() -> None:
    cassandra = Cassandra(contact_points=["c:1"], local_datacenter="dc", keyspace="MixedCase")
    subject = Statements(FakeSession("flat", ttl=False), cassandra, Writes())
    (batch,) = subject.batches(encoded(rows(1)))
    # CQL folds a name without quotes to lower case, and so do the driver's token maps.
    assert batch.statement.keyspace == "mixedcase"


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
