"""The mapping of docs/mapping.md, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_job.event.rejection import Reason
from program_user_info_job.row.event_to_row import Row, Rules
from program_user_info_job.row.layout import FLAT, LOCATION_COLUMNS, MAP
from tests.unit.job.events import MOMENT, cells, convert, event, rejection


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


def locations(*entries: Any) -> dict[str, Any]:
    found = cells(event(userProfile={"userLocations": list(entries)}))
    return {name: value for name, value in found.items() if name in LOCATION_COLUMNS}


def test_a_location_type_is_read_without_case_and_unknown_ones_are_ignored() -> None:
    found = locations(
        {"type": "STATE", "code": 28, "id": "s", "name": "Andhra Pradesh"},
        {"type": "village", "code": "9"},
        {"code": "9"},
        {"type": 5, "code": "9"},
        None,
        "text",
    )
    expected = dict.fromkeys(LOCATION_COLUMNS)
    expected |= {"state_code": "28", "state_id": "s", "state_name": "Andhra Pradesh"}
    assert found == expected


def test_of_one_location_type_later_entries_win_field_by_field() -> None:
    found = locations(
        {"type": "block", "code": "1", "id": "old", "name": "Old"},
        {"type": "Block", "id": "new", "name": " "},
        {"type": "BLOCK"},
    )
    assert (found["block_code"], found["block_id"], found["block_name"]) == ("1", "new", None)


@pytest.mark.parametrize(
    ("profile", "organisation"),
    [
        ({"rootOrg": {"id": 1, "orgName": "Root"}, "organisations": [{}]}, ("1", "Root")),
        (
            {
                "organisations": [
                    {"organisationId": "s", "orgName": "School", "isSchool": True},
                    None,
                    {"organisationId": "o", "orgName": "Office", "isSchool": False},
                    {"organisationId": "x", "orgName": "Later", "isSchool": False},
                ]
            },
            ("o", "Office"),
        ),
        ({"organisations": [{"organisationId": "s", "isSchool": True}]}, ("s", None)),
        ({"rootOrg": None, "organisations": [{"organisationId": "s"}]}, ("s", None)),
        ({"organisations": []}, (None, None)),
        ({"organisations": None}, (None, None)),
        ({"rootOrg": {}}, (None, None)),
    ],
)
def test_organisation(profile: dict[str, Any], organisation: tuple[Any, Any]) -> None:
    found = cells(event(userProfile=profile))
    assert (found["organisation_id"], found["organisation_name"]) == organisation


def test_user_types() -> None:
    entries = [
        {"type": "Administrator", "subType": "deo"},
        {"type": "TEACHER", "subType": "hm"},
        {"type": " ", "subType": "DEO"},
        None,
        {"subType": 7},
    ]
    found = cells(event(userProfile={"profileUserTypes": entries}))
    assert (found["user_type"], found["user_sub_type"]) == ("teacher", "DEO,HM,7")


def test_the_map_layout_holds_every_type_present() -> None:
    document = event(
        createdAt=MOMENT,
        userProfile={
            "userLocations": [
                {"type": "State", "code": "28", "id": None, "name": "AP"},
                {"type": "village", "code": 9},
                {"type": " ", "code": "x"},
                {},
            ]
        },
    )
    found = cells(document, Rules(layout=MAP))
    assert found["user_locations"] == {
        "state_code": "28",
        "state_name": "AP",
        "village_code": "9",
    }
    empty = event(userProfile={"userLocations": []})
    assert cells(empty, Rules(layout=MAP))["user_locations"] is None


@pytest.mark.parametrize(
    ("fields", "column"),
    [
        ({"programId": "x" * 65_536}, "program_id"),
        ({"userId": "é" * 40_000}, "user_id"),
        ({"programName": "x" * 2_000_000}, "program_name"),
    ],
)
def test_a_cell_that_is_too_large_is_rejected_before_it_is_sent(
    fields: dict[str, Any], column: str
) -> None:
    found = rejection(event(**fields))
    assert found.reason is Reason.TOO_LARGE
    assert found.detail.startswith(f"{column}: ")


def test_a_row_that_is_too_large_is_rejected() -> None:
    places = [
        {"type": kind, "name": "x" * 1_000_000, "code": "y" * 1_000_000}
        for kind in ("state", "district", "block")
    ]
    document = event(userProfile={"userLocations": places})
    assert rejection(document).detail.startswith("row: ")
    assert rejection(document, Rules(layout=MAP)).reason is Reason.TOO_LARGE
    assert isinstance(convert(event(programName="x" * 100_000)), Row)


def test_the_layouts_have_the_columns_of_their_documents() -> None:
    assert len(FLAT.columns) == 26
    assert list(FLAT.columns)[:2] == ["program_id", "user_id"]
    assert "user_locations" in MAP.columns
    assert not set(LOCATION_COLUMNS) & set(MAP.columns)


def test_types_have_the_names_of_cassandras_schema() -> None:
    assert set(FLAT.columns.values()) == {"text", "boolean", "timestamp"}
    assert set(MAP.columns.values()) == {"text", "boolean", "date", "map<text, text>"}
