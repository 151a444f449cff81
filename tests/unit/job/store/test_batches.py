"""Rows become requests of one partition, bounded in rows and bytes."""

from __future__ import annotations

import pytest

from program_user_info_job.config.model import Cassandra, Writes
from program_user_info_job.row.event_to_row import Row
from program_user_info_job.store.batches import Statements, rows_of
from program_user_info_job.store.needed_rows import Indexed
from tests.unit.job.prepared import FakeSession, encoded, rows, statements


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
