"""The columns that come from `userProfile`: locations, organisation, user types."""

from __future__ import annotations

from typing import Any

from program_user_info_job.event.decode import ABSENT, Organisation, Profile
from program_user_info_job.event.rejection import invalid_field
from program_user_info_job.row.layout import LOCATION_FIELDS, LOCATION_TYPES
from program_user_info_job.row.values import read_text

Cells = dict[str, Any]

_LOCATIONS = "userProfile.userLocations"
_CODE, _ID, _NAME = (f"{_LOCATIONS}[].{field}" for field in LOCATION_FIELDS)
_ROOT = "userProfile.rootOrg"
_ROOT_ID, _ROOT_NAME = f"{_ROOT}.id", f"{_ROOT}.orgName"
_ORGANISATIONS = "userProfile.organisations"
_ORGANISATION_ID, _ORGANISATION_NAME = (
    f"{_ORGANISATIONS}[].{field}" for field in ("organisationId", "orgName")
)
_USER_TYPES = "userProfile.profileUserTypes"
_TYPE, _SUB_TYPE = f"{_USER_TYPES}[].type", f"{_USER_TYPES}[].subType"
_FLAT_COLUMNS = {
    kind: tuple(f"{kind}_{field}" for field in LOCATION_FIELDS) for kind in LOCATION_TYPES
}
_NO_LOCATIONS: Cells = {column: None for columns in _FLAT_COLUMNS.values() for column in columns}


def flat_locations(entries: Any) -> Cells:
    """The fifteen location columns; those that no entry fills are cleared."""
    cells = _NO_LOCATIONS.copy()
    for entry in _array(entries, _LOCATIONS):
        kind = entry.type
        columns = _FLAT_COLUMNS.get(kind.lower()) if kind.__class__ is str else None
        if columns is not None:
            code, identifier, name = columns
            if entry.code is not ABSENT:
                cells[code] = read_text(entry.code, _CODE)
            if entry.id is not ABSENT:
                cells[identifier] = read_text(entry.id, _ID)
            if entry.name is not ABSENT:
                cells[name] = read_text(entry.name, _NAME)
    return cells


def map_locations(entries: Any) -> Cells:
    """The column `user_locations`: `<type>_<code|id|name>` of every type present."""
    locations: dict[str, str | None] = {}
    for entry in _array(entries, _LOCATIONS):
        kind = entry.type
        if kind.__class__ is str and kind and not kind.isspace():
            for field in LOCATION_FIELDS:
                value = getattr(entry, field)
                if value is not ABSENT:
                    path = f"{_LOCATIONS}[].{field}"
                    locations[f"{kind.lower()}_{field}"] = read_text(value, path)
    known = {key: text for key, text in locations.items() if text is not None}
    return {"user_locations": known or None}


def organisation(profile: Profile) -> Cells:
    """`rootOrg`, else the first of `organisations` that is not a school, else the first one."""
    root = profile.rootOrg
    if root is ABSENT and profile.organisations is ABSENT:
        return {}
    if root is not ABSENT and root is not None:
        if root.__class__ is not Organisation:
            raise invalid_field(_ROOT, root, "an object")
        return {
            "organisation_id": read_text(root.id, _ROOT_ID),
            "organisation_name": read_text(root.orgName, _ROOT_NAME),
        }
    entries = _array(profile.organisations, _ORGANISATIONS)
    chosen = next((entry for entry in entries if entry.isSchool is False), None)
    if chosen is None:
        chosen = entries[0] if entries else Organisation()
    return {
        "organisation_id": read_text(chosen.organisationId, _ORGANISATION_ID),
        "organisation_name": read_text(chosen.orgName, _ORGANISATION_NAME),
    }


def user_types(entries: Any) -> Cells:
    """`user_type`: the last one, lower case; `user_sub_type`: all, upper case, joined by ","."""
    kind: str | None = None
    sub_types: dict[str, None] = {}
    for entry in _array(entries, _USER_TYPES):
        kind = read_text(entry.type, _TYPE) or kind
        sub_type = read_text(entry.subType, _SUB_TYPE)
        if sub_type:
            sub_types[sub_type.upper()] = None
    return {
        "user_type": kind.lower() if kind else None,
        "user_sub_type": ",".join(sub_types) or None,
    }


def _array(value: Any, path: str) -> list[Any]:
    """The entries of an array; absent and null count as empty."""
    if value.__class__ is list:
        entries: list[Any] = value
        return entries
    if value is None or value is ABSENT:
        return []
    raise invalid_field(path, value, "an array")
