"""The columns that come from `userProfile`: locations, organisation, user types."""

from __future__ import annotations

from typing import Any

from program_user_info_job.event.decode import ABSENT, Profile
from program_user_info_job.event.rejection import invalid_field
from program_user_info_job.row.layout import LOCATION_FIELDS, LOCATION_TYPES
from program_user_info_job.row.values import read_text

Cells = dict[str, Any]

_PATHS = {field: f"userProfile.userLocations[].{field}" for field in LOCATION_FIELDS}
_FLAT_COLUMNS = {
    kind: tuple((field, f"{kind}_{field}", _PATHS[field]) for field in LOCATION_FIELDS)
    for kind in LOCATION_TYPES
}
_NO_LOCATIONS: Cells = {
    column: None for columns in _FLAT_COLUMNS.values() for _, column, _ in columns
}


def flat_locations(entries: Any) -> Cells:
    """The fifteen location columns; those that no entry speaks of are cleared."""
    cells = _NO_LOCATIONS.copy()
    for entry in _objects(entries, "userProfile.userLocations"):
        kind = entry.get("type")
        if kind.__class__ is str:
            for field, column, path in _FLAT_COLUMNS.get(kind.lower(), ()):
                if field in entry:
                    cells[column] = read_text(entry[field], path)
    return cells


def map_locations(entries: Any) -> Cells:
    """The column `user_locations`: `<type>_<code|id|name>` of every type present."""
    locations: dict[str, str | None] = {}
    for entry in _objects(entries, "userProfile.userLocations"):
        kind = entry.get("type")
        if kind.__class__ is str and kind and not kind.isspace():
            for field in LOCATION_FIELDS:
                if field in entry:
                    locations[f"{kind.lower()}_{field}"] = read_text(entry[field], _PATHS[field])
    known = {key: text for key, text in locations.items() if text is not None}
    return {"user_locations": known or None}


def organisation(profile: Profile) -> Cells:
    """`rootOrg`, else the first of `organisations` that is no school, else the first of all."""
    root = profile.rootOrg
    if root is ABSENT and profile.organisations is ABSENT:
        return {}
    if root is not ABSENT and root is not None:
        if root.__class__ is not dict:
            raise invalid_field("userProfile.rootOrg", root, "an object")
        return _organisation_cells(root, "id", "userProfile.rootOrg")
    entries = _objects(profile.organisations, "userProfile.organisations")
    chosen = next((entry for entry in entries if entry.get("isSchool") is False), None)
    if chosen is None:
        chosen = entries[0] if entries else {}
    return _organisation_cells(chosen, "organisationId", "userProfile.organisations[]")


def user_types(entries: Any) -> Cells:
    """`user_type`: the last one, lower case; `user_sub_type`: all, upper case, joined by ","."""
    path = "userProfile.profileUserTypes"
    kind: str | None = None
    sub_types: dict[str, None] = {}
    for entry in _objects(entries, path):
        kind = read_text(entry.get("type"), f"{path}[].type") or kind
        sub_type = read_text(entry.get("subType"), f"{path}[].subType")
        if sub_type:
            sub_types[sub_type.upper()] = None
    return {
        "user_type": kind.lower() if kind else None,
        "user_sub_type": ",".join(sub_types) or None,
    }


def _organisation_cells(source: Cells, id_field: str, path: str) -> Cells:
    return {
        "organisation_id": read_text(source.get(id_field), f"{path}.{id_field}"),
        "organisation_name": read_text(source.get("orgName"), f"{path}.orgName"),
    }


def _objects(value: Any, path: str) -> list[Cells]:
    """The objects of an array; absent and null count as empty, other entries are skipped."""
    if value is None or value is ABSENT:
        return []
    if value.__class__ is not list:
        raise invalid_field(path, value, "an array")
    return [entry for entry in value if entry.__class__ is dict]
