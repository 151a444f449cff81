"""The columns that come from `userProfile`."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_job.row.event_to_row import Rules
from program_user_info_job.row.layout import LOCATION_COLUMNS, MAP
from tests.unit.job.events import MOMENT, cells, event


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
