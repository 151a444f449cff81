"""The CQL of keyspace and table, and whether a live table fits."""

from __future__ import annotations

import msgspec

from program_user_info_job.config.model import Cassandra
from program_user_info_job.row.layout import FLAT
from program_user_info_job.store.schema import create_statements, mismatches


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
