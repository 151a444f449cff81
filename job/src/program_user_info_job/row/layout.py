"""The table layouts: which columns there are, of which CQL type, in statement order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CqlType(StrEnum):
    """The CQL types in use, spelled as Cassandra's schema spells them."""

    TEXT = "text"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    DATE = "date"
    TEXT_MAP = "map<text, text>"


LOCATION_TYPES = ("state", "district", "block", "cluster", "school")
LOCATION_FIELDS = ("code", "id", "name")
KEY = ("program_id", "user_id")
"""Partition key and clustering key."""


@dataclass(frozen=True)
class Layout:
    """A table layout; `columns` maps names to types, the key first."""

    name: str
    columns: dict[str, CqlType]


_HEAD = {
    "program_id": CqlType.TEXT,
    "user_id": CqlType.TEXT,
    "program_externalid": CqlType.TEXT,
    "program_name": CqlType.TEXT,
    "pii_consent_required": CqlType.BOOLEAN,
}
_TAIL = {
    "organisation_id": CqlType.TEXT,
    "organisation_name": CqlType.TEXT,
    "user_sub_type": CqlType.TEXT,
    "user_type": CqlType.TEXT,
}
LOCATION_COLUMNS = {
    f"{kind}_{field}": CqlType.TEXT for kind in LOCATION_TYPES for field in LOCATION_FIELDS
}

FLAT = Layout(
    "flat",
    _HEAD
    | LOCATION_COLUMNS
    | _TAIL
    | {"created_at": CqlType.TIMESTAMP, "updated_at": CqlType.TIMESTAMP},
)
"""One column per location type and field: `cassandra.layout: flat`."""

MAP = Layout(
    "map",
    _HEAD
    | {"user_locations": CqlType.TEXT_MAP}
    | _TAIL
    | {"created_at": CqlType.DATE, "updated_at": CqlType.DATE},
)
"""The table that the Scala job made: locations in one map, dates without a time."""

LAYOUTS = {layout.name: layout for layout in (FLAT, MAP)}
