"""The mapping of docs/mapping.md, rule by rule: keys, rejections, write timestamps, deletions."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_job.event.rejection import Reason
from program_user_info_job.row.event_to_row import Row, Rules
from program_user_info_job.row.layout import LOCATION_COLUMNS
from tests.unit.job.events import MILLIS, MOMENT, NOW, cells, convert, event, rejection


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("abc", "abc"),
        (" abc ", " abc "),
        ({"$oid": "5f362b78af0a4decfa9a106f"}, "5f362b78af0a4decfa9a106f"),
        (42, "42"),
        (123456789012345678901234567890, "123456789012345678901234567890"),
        (-1, "-1"),
    ],
)
def test_ids_are_text_object_ids_or_integers(value: Any, text: str) -> None:
    row = convert(event(programId=value, userId=value))
    assert isinstance(row, Row)
    assert (row.program_id, row.user_id) == (text, text)


@pytest.mark.parametrize("value", [None, "", "  \t", {"$oid": ""}, {"$oid": None}])
@pytest.mark.parametrize(
    ("field", "reason"),
    [("programId", Reason.PROGRAM_ID_MISSING), ("userId", Reason.USER_ID_MISSING)],
)
def test_a_blank_id_is_a_missing_one(field: str, reason: Reason, value: Any) -> None:
    assert rejection(event(**{field: value})).reason is reason


@pytest.mark.parametrize(
    ("field", "reason"),
    [("programId", Reason.PROGRAM_ID_MISSING), ("userId", Reason.USER_ID_MISSING)],
)
def test_an_absent_id_is_a_missing_one(field: str, reason: Reason) -> None:
    document = event()
    del document[field]
    assert rejection(document).reason is reason


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"programId": True}, "programId"),
        ({"programId": 1.5}, "programId"),
        ({"userId": ["u"]}, "userId"),
        ({"userId": {"$oid": "a", "b": 1}}, "userId"),
        ({"programName": {"en": "x"}}, "programName"),
        ({"programExternalId": False}, "programExternalId"),
        ({"requestForPIIConsent": "yes"}, "requestForPIIConsent"),
        ({"requestForPIIConsent": 1}, "requestForPIIConsent"),
        ({"createdAt": "yesterday"}, "createdAt"),
        ({"updatedAt": True}, "updatedAt"),
        ({"userProfile": {"userLocations": "here"}}, "userProfile.userLocations"),
        (
            {"userProfile": {"userLocations": [{"type": "state", "code": 2.5}]}},
            "userProfile.userLocations[].code",
        ),
        ({"userProfile": {"rootOrg": "org"}}, "userProfile.rootOrg"),
        ({"userProfile": {"rootOrg": {"id": []}}}, "userProfile.rootOrg.id"),
        ({"userProfile": {"organisations": {}}}, "userProfile.organisations"),
        ({"userProfile": {"profileUserTypes": 5}}, "userProfile.profileUserTypes"),
        (
            {"userProfile": {"profileUserTypes": [{"type": {}}]}},
            "userProfile.profileUserTypes[].type",
        ),
    ],
)
def test_a_value_of_the_wrong_kind_is_rejected_by_its_field(
    fields: dict[str, Any], path: str
) -> None:
    found = rejection(event(**fields))
    assert found.reason is Reason.INVALID_FIELD
    assert found.detail.startswith(f"{path}: ")


@pytest.mark.parametrize("profile", [None, [], "x", 5, True])
def test_a_profile_that_is_no_object_is_rejected(profile: Any) -> None:
    assert rejection(event(userProfile=profile)).reason is Reason.USER_PROFILE_MISSING


def test_without_a_profile_only_the_other_columns_are_written_where_allowed() -> None:
    rules = Rules(write_without_profile=True)
    expected = {"pii_consent_required": False, "program_name": "P"}
    assert cells(event(userProfile=None, programName="P"), rules) == expected
    document = event(programName="P")
    del document["userProfile"]
    assert cells(document, rules) == expected
    assert rejection(event(userProfile=[]), rules).reason is Reason.USER_PROFILE_MISSING


def test_absent_fields_leave_their_columns_untouched() -> None:
    assert cells(event()) == {"pii_consent_required": False}


def test_present_fields_write_their_columns_null_included() -> None:
    document = event(
        programName=None,
        programExternalId=" ",
        createdAt=None,
        updatedAt=None,
        userProfile={"userLocations": None, "rootOrg": None, "profileUserTypes": []},
    )
    assert cells(document) == {
        "program_name": None,
        "program_externalid": None,
        "pii_consent_required": False,
        "created_at": None,
        "updated_at": None,
        **dict.fromkeys(LOCATION_COLUMNS),
        "organisation_id": None,
        "organisation_name": None,
        "user_type": None,
        "user_sub_type": None,
    }


@pytest.mark.parametrize(
    ("value", "consent"),
    [(True, True), (False, False), (None, False), ("TRUE", True), ("False", False)],
)
def test_consent(value: Any, consent: bool) -> None:
    assert cells(event(requestForPIIConsent=value))["pii_consent_required"] is consent


@pytest.mark.parametrize(
    ("fields", "offset", "timestamp", "stamp"),
    [
        ({"updatedAt": MOMENT}, 0, NOW, MILLIS * 1000),
        ({"updatedAt": MOMENT}, 7, NOW, MILLIS * 1000 + 7),
        ({"updatedAt": MOMENT}, 123_456, NOW, MILLIS * 1000 + 456),
        ({"updatedAt": "2023-01-12T06:30:56.829999Z"}, 1, NOW, MILLIS * 1000 + 1),
        ({}, 5, NOW - 10, (NOW - 10) * 1000 + 5),
        ({"updatedAt": None}, 5, NOW - 10, (NOW - 10) * 1000 + 5),
    ],
)
def test_write_timestamp(fields: dict[str, Any], offset: int, timestamp: int, stamp: int) -> None:
    row = convert(event(**fields), offset=offset, timestamp=timestamp)
    assert isinstance(row, Row)
    assert row.write_timestamp == stamp


def test_a_timestamp_beyond_the_bound_is_rejected() -> None:
    day = 86_400_000
    assert isinstance(convert(event(updatedAt=NOW + day)), Row)
    told = "more than 1 day, 0:00:00 ahead of the clock"
    late = rejection(event(updatedAt=NOW + day + 1))
    assert (late.reason, late.detail) == (Reason.TIMESTAMP_IN_FUTURE, f"updatedAt: {told}")
    other = convert(event(), timestamp=NOW + day + 1)
    assert not isinstance(other, Row)
    assert (other.reason, other.detail) == (late.reason, f"record timestamp: {told}")


def test_a_deleted_event_keeps_the_row_unless_told_to_delete_it() -> None:
    document = event(deleted=True, updatedAt=MOMENT, programName="P")
    kept = convert(document)
    assert isinstance(kept, Row)
    assert not kept.deletion
    assert kept.cells["program_name"] == "P"
    gone = convert(document, Rules(apply_deletes=True))
    assert gone == Row("p", "u", {}, MILLIS * 1000, deletion=True)
    kept = convert(event(deleted=False), Rules(apply_deletes=True))
    assert isinstance(kept, Row)
    assert not kept.deletion
