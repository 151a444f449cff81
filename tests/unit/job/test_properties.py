"""Newest-per-key, for any input: whatever the order and the batches, the table is the fold."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dev.cluster.demo.fold import Record, fold, raw
from program_user_info_job.record import process
from program_user_info_job.row.event_to_row import Origin, Row, Rules
from program_user_info_job.store.needed_rows import Indexed
from tests.unit.job.events import NOW
from tests.unit.job.prepared import batches

TIMES = st.sampled_from([f"2023-01-12T06:30:5{second}.829Z" for second in range(4)])
PLACES = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["state", "Block"]), "code": st.sampled_from(["1", "2", ""])},
        optional={"name": st.sampled_from(["A", "B", None])},
    ),
    max_size=3,
)
PROFILES = st.fixed_dictionaries(
    {},
    optional={
        "userLocations": PLACES,
        "rootOrg": st.fixed_dictionaries({"id": st.sampled_from(["o", "r"])}),
        "profileUserTypes": st.lists(
            st.fixed_dictionaries({"type": st.sampled_from(["T", "a"])}), max_size=2
        ),
    },
)
EVENTS = st.fixed_dictionaries(
    {
        "programId": st.sampled_from(["p", "q"]),
        "userId": st.sampled_from(["u", "v"]),
        "userProfile": PROFILES,
    },
    optional={"updatedAt": TIMES, "programName": st.sampled_from(["N", "M", None])},
)


def table_after(calls: list[list[Row]]) -> dict[tuple[str, str], dict[str, Any]]:
    """What Cassandra holds: per cell the newest write, of a tie the deletion or larger value."""
    table: dict[tuple[str, str], dict[str, tuple[int, bool, bytes, Any]]] = {}
    for call in calls:
        requests = batches(Indexed(n, row) for n, row in enumerate(call))
        keys = (key for request in requests for key in request.keys)
        needed = [item.position for key in keys for item in key.needed]
        for row in (call[position] for position in needed):
            cells = table.setdefault((row.program_id, row.user_id), {})
            for column, value in row.cells.items():
                entry = (row.write_timestamp, value is None, raw(value), value)
                if column not in cells or entry[:3] > cells[column][:3]:
                    cells[column] = entry
    return {
        key: {column: entry[3] for column, entry in cells.items() if entry[3] is not None}
        for key, cells in table.items()
    }


@given(st.lists(st.tuples(EVENTS, st.integers(0, 3)), min_size=1, max_size=12), st.data())
def test_any_order_batching_and_repetition_leaves_the_fold_of_the_events(
    events: list[tuple[dict[str, Any], int]], data: st.DataObject
) -> None:
    records = [Record(json.dumps(document).encode(), 0, offset, NOW) for document, offset in events]
    delivered = data.draw(st.permutations(records))
    delivered += data.draw(st.lists(st.sampled_from(records), max_size=5))
    rows: list[Row] = []
    for record in delivered:
        row = process(record.payload, Origin(record.offset, record.timestamp), Rules(), NOW)
        assert isinstance(row, Row)
        rows.append(row)
    cut = data.draw(st.integers(0, len(rows)))
    assert table_after([rows[:cut], rows[cut:]]) == fold(records)
