"""One record, whatever its bytes: a row or a rejection, and never an error."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from program_user_info_job.event.rejection import Reason, Rejection
from program_user_info_job.record import process
from program_user_info_job.row.event_to_row import Origin, Rules
from program_user_info_job.row.layout import LAYOUTS
from program_user_info_job.store.encode import ENCODERS
from tests.unit.job.events import NOW

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
