"""The mapping of docs/mapping.md, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_job.event.rejection import Reason
from program_user_info_job.row.convert import Row, Rules
from program_user_info_job.row.layout import FLAT, LOCATION_COLUMNS, MAP
from tests.unit.job.events import NOW, cells, convert, event, rejection

MOMENT = "2023-01-12T06:30:56.829Z"
MILLIS = 1_673_505_056_829


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


@pytest.mark.parametrize(
    ("value", "millis"),
    [
        (MOMENT, MILLIS),
        ("2023-01-12T06:30:56Z", MILLIS - 829),
        ("2023-01-12t06:30:56.829z", MILLIS),
        ("2023-01-12T12:00:56.829+05:30", MILLIS),
        ("2023-01-12T06:30:56.829999Z", MILLIS),
        ("2023-01-12 06:30:56.829+00:00", MILLIS),
        ({"$date": MOMENT}, MILLIS),
        ({"$date": {"$numberLong": str(MILLIS)}}, MILLIS),
        ({"$date": MILLIS}, MILLIS),
        (f'ISODate("{MOMENT}")', MILLIS),
        (MILLIS, MILLIS),
        (0, 0),
        (-1, -1),
        (None, None),
        ("1969-12-31T23:59:59.9995Z", -1),
    ],
)
def test_every_form_of_a_timestamp(value: Any, millis: int | None) -> None:
    assert cells(event(createdAt=value))["created_at"] == millis


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2023-01-12",
        "2023-01-12T06:30:56.829",
        "2023-01-12x06:30:56Z",
        "2023-13-12T06:30:56Z",
        1.5,
        10**18,
        -(10**18),
        True,
        [],
        {},
        {"$date": None},
        {"$date": {"$numberLong": "12x"}},
        {"$date": {"$numberLong": 1.5}},
        {"$date": MOMENT, "more": 1},
        'ISODate("2023")',
        "ISODate(",
    ],
)
def test_an_unreadable_timestamp_is_rejected(value: Any) -> None:
    found = rejection(event(createdAt=value))
    assert found.reason is Reason.INVALID_FIELD
    assert found.detail.startswith("createdAt: ")


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
