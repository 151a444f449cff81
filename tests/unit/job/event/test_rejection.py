"""The words of a rejection: reasons that readers rely on, kinds of values and never the values."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.event.decode import Organisation
from program_user_info_job.event.rejection import Reason, Rejected, invalid_field, kind_of


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "a boolean"),
        (False, "a boolean"),
        (0, "an integer"),
        (10**30, "an integer"),
        (0.0, "a fraction"),
        ("", "a text"),
        ([], "an array"),
        ({}, "an object"),
        # The decoder makes these of objects.
        (Organisation(), "an object"),
    ],
)
def test_a_value_is_told_by_its_kind(value: object, kind: str) -> None:
    assert kind_of(value) == kind


@given(st.from_type(int) | st.text(min_size=5) | st.lists(st.just("secret")) | st.booleans())
def test_a_wrong_value_is_told_by_field_and_kinds_alone(value: Any) -> None:
    rejected = invalid_field("userProfile.rootOrg", value, "an object")
    assert isinstance(rejected, Rejected)
    assert rejected.rejection == (
        Reason.INVALID_FIELD,
        f"userProfile.rootOrg: {kind_of(value)} found, an object expected",
    )


def test_a_kind_is_the_one_that_json_has() -> None:
    document = b'[null, true, 1, 1.5, "t", [], {}]'
    kinds = [kind_of(value) for value in msgspec.json.decode(document)]
    assert len(set(kinds)) == len(kinds)


def test_a_reason_is_spelled_as_it_is_named() -> None:
    """The names are in dead letters that are there already."""
    assert {reason.name: reason.value for reason in Reason} == {
        name: name
        for name in (
            "INVALID_JSON",
            "NOT_AN_OBJECT",
            "PROGRAM_ID_MISSING",
            "USER_ID_MISSING",
            "USER_PROFILE_MISSING",
            "INVALID_FIELD",
            "TIMESTAMP_IN_FUTURE",
            "TOO_LARGE",
            "REFUSED_BY_CASSANDRA",
        )
    }
