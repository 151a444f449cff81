"""What goes over the wire for a batch is what the driver would send."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import pytest
from cassandra import ConsistencyLevel
from cassandra.protocol import BatchMessage, PrepareMessage, ProtocolHandler
from cassandra.query import UNSET_VALUE, BatchStatement, BatchType
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.row.event_to_row import Row
from program_user_info_job.row.layout import LAYOUTS, CqlType
from program_user_info_job.store import batches, encode
from program_user_info_job.store.encoded_batch import EncodedBatch, EncodedBatches
from tests.unit.job.prepared import TEXT, VALUES, statements


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
