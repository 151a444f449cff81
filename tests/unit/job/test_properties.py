"""Properties of the mapping and of newest-per-key, for any input."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from dev.cluster.demo.fold import Record, fold, raw
from program_user_info_job.event.rejection import Reason, Rejection
from program_user_info_job.record import process
from program_user_info_job.row.event_to_row import Origin, Row, Rules
from program_user_info_job.row.layout import LAYOUTS
from program_user_info_job.store.encode import ENCODERS
from program_user_info_job.store.needed_rows import Indexed
from tests.unit.job.events import NOW
from tests.unit.job.prepared import batches

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["2023-01-12T06:30:56.829Z", "0001-01-01T00:00:00+23:59", "state", "TRUE"])
)
KEYS = st.sampled_from(
    [
        "programId",
        "programName",
        "programExternalId",
        "userId",
        "userProfile",
        "userLocations",
        "rootOrg",
        "createdAt",
        "organisations",
        "profileUserTypes",
        "type",
        "subType",
        "code",
        "id",
        "name",
        "orgName",
        "isSchool",
        "updatedAt",
        "deleted",
        "requestForPIIConsent",
        "$oid",
        "$date",
        "$numberLong",
    ]
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
RULES = st.builds(
    Rules,
    layout=st.sampled_from(list(LAYOUTS.values())),
    apply_deletes=st.booleans(),
    write_without_profile=st.booleans(),
)


def check(payload: bytes | None, rules: Rules, offset: int) -> None:
    outcome = process(payload, Origin(offset, NOW), rules, NOW)
    assert outcome == process(payload, Origin(offset, NOW), rules, NOW)
    if isinstance(outcome, Rejection):
        assert outcome.reason in Reason
        return
    for column, value in outcome.cells.items():
        if value is not None:
            assert isinstance(ENCODERS[rules.layout.columns[column]](value), bytes)
    assert -(2**63) < outcome.write_timestamp < 2**63
    assert outcome.program_id.strip()
    assert outcome.user_id.strip()


@given(st.binary() | st.none(), RULES, st.integers(0, 2**40))
def test_any_bytes_give_a_row_or_a_rejection(
    payload: bytes | None, rules: Rules, offset: int
) -> None:
    check(payload, rules, offset)


@given(JSON, RULES, st.integers(0, 2**40))
def test_any_json_gives_a_row_or_a_rejection(document: Any, rules: Rules, offset: int) -> None:
    check(json.dumps(document).encode(), rules, offset)


@given(st.fixed_dictionaries({"programId": SCALARS, "userId": SCALARS, "userProfile": JSON}), RULES)
@example({"programId": "ß", "userId": "İ", "userProfile": {}}, Rules())
def test_any_event_like_json_gives_a_row_or_a_rejection(document: Any, rules: Rules) -> None:
    check(json.dumps(document).encode(), rules, 0)


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
