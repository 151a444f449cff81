"""Rows that the Scala job corrupted, and what they should have been."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.row.repair import repaired

Cells = dict[str, Any]


@pytest.mark.parametrize(
    ("corrupted", "changes"),
    [
        ({"user_type": "some(administrator)"}, {"user_type": "administrator"}),
        ({"user_sub_type": "SOME(DEO),SOME(HM)"}, {"user_sub_type": "DEO,HM"}),
        ({"user_sub_type": "SOME(DEO),SOME(DEO)"}, {"user_sub_type": "DEO"}),
        ({"organisation_id": "None"}, {"organisation_id": None}),
        (
            {"organisation_id": "Some(0126796199493140480)"},
            {"organisation_id": "0126796199493140480"},
        ),
        ({"organisation_name": "Some(Some(A (B)))"}, {"organisation_name": "A (B)"}),
        ({"district_name": "Some(GADAG)"}, {"district_name": "GADAG"}),
        (
            {
                "user_locations": {
                    "Some(district)_name": "Some(GADAG)",
                    "Some(district)_code": "None",
                }
            },
            {"user_locations": {"district_name": "GADAG"}},
        ),
        ({"user_locations": {"Some(Block)_id": "x"}}, {"user_locations": {"block_id": "x"}}),
        ({"user_locations": {"Some(None)_id": "Some(x)"}}, {"user_locations": None}),
        (
            {"user_locations": {"state_id": "clean", "Some(state)_id": "Some(other)"}},
            {"user_locations": {"state_id": "clean"}},
        ),
    ],
)
def test_what_is_corrupted_is_repaired(corrupted: Cells, changes: Cells) -> None:
    assert repaired(corrupted) == changes


@pytest.mark.parametrize(
    "clean",
    [
        {},
        {"user_type": None, "user_locations": None},
        {"user_type": "administrator", "user_sub_type": "DEO,HM", "organisation_id": "01"},
        {"organisation_name": "Somerset (North)", "district_name": "Nonesuch"},
        {"user_locations": {"district_name": "GADAG", "district_code": "2921"}},
        # The program's own name is nobody's option.
        {"program_name": "Some(Program)", "program_externalid": "None"},
    ],
)
def test_what_is_clean_stays_as_it_is(clean: Cells) -> None:
    assert repaired(clean) == {}


WRAPPED = st.recursive(
    st.text(max_size=5), lambda inner: inner.map("Some({})".format), max_leaves=4
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "organisation_id": WRAPPED | st.just("None"),
            "user_type": WRAPPED.map(str.lower),
            "user_sub_type": st.lists(WRAPPED.map(str.upper), max_size=3).map(",".join),
            "user_locations": st.dictionaries(
                st.sampled_from(["Some(state)_id", "state_id", "Some(None)_id"]), WRAPPED
            ),
        },
    )
)
def test_a_repaired_row_needs_no_repair(row: Cells) -> None:
    assert repaired(row | repaired(row)) == {}
