"""What the table must hold: each cell its newest value. Written from the contract alone.

Nothing here is shared with the job: it reads events with the standard library, keeps every value
that was ever written to a cell with its write timestamp, and picks the newest at the end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

_LOCATIONS = ("state", "district", "block", "cluster", "school")
_FIELDS = ("code", "id", "name")


class Record(NamedTuple):
    """A record as it stands in the topic; `timestamp` is Kafka's, in milliseconds."""

    payload: bytes | None
    partition: int
    offset: int
    timestamp: int


Key = tuple[str, str]
Row = dict[str, Any]


def fold(records: Iterable[Record]) -> dict[Key, Row]:
    """Program and user to row; records that must be rejected are to be left out."""
    cells: dict[Key, dict[str, tuple[int, bool, bytes, Any]]] = {}
    for record in records:
        event = _parse(record.payload or b"")
        updated = _millis(event.get("updatedAt"))
        stamp = (record.timestamp if updated is None else updated) * 1000 + record.offset % 1000
        row = cells.setdefault((_text(event["programId"]), _text(event["userId"])), {})
        for column, value in _cells(event).items():
            # Of two writes at one time, Cassandra keeps a deletion, else the larger value.
            candidate = (stamp, value is None, repr(value).encode(), value)
            if column not in row or candidate[:3] > row[column][:3]:
                row[column] = candidate
    return {
        key: {column: best[3] for column, best in row.items() if best[3] is not None}
        for key, row in cells.items()
    }


def _cells(event: dict[str, Any]) -> Row:
    cells: Row = {"pii_consent_required": _consent(event.get("requestForPIIConsent"))}
    for column, field in (
        ("program_name", "programName"),
        ("program_externalid", "programExternalId"),
    ):
        if field in event:
            cells[column] = _text(event[field])
    for column, field in (("created_at", "createdAt"), ("updated_at", "updatedAt")):
        if field in event:
            cells[column] = _millis(event[field])
    profile = event["userProfile"]
    if "userLocations" in profile:
        cells |= {f"{kind}_{field}": None for kind in _LOCATIONS for field in _FIELDS}
        for place in profile["userLocations"]:
            for field in _FIELDS:
                if str(place.get("type")).lower() in _LOCATIONS and field in place:
                    cells[f"{place['type'].lower()}_{field}"] = _text(place[field])
    if "rootOrg" in profile:
        cells["organisation_id"] = _text(profile["rootOrg"].get("id"))
        cells["organisation_name"] = _text(profile["rootOrg"].get("orgName"))
    elif "organisations" in profile:
        some = profile["organisations"]
        best = next((each for each in some if each.get("isSchool") is False), (some or [{}])[0])
        cells["organisation_id"] = _text(best.get("organisationId"))
        cells["organisation_name"] = _text(best.get("orgName"))
    if "profileUserTypes" in profile:
        kinds = [_text(each.get("type")) for each in profile["profileUserTypes"]]
        subs = [_text(each.get("subType")) for each in profile["profileUserTypes"]]
        known = [kind.lower() for kind in kinds if kind]
        cells["user_type"] = known[-1] if known else None
        cells["user_sub_type"] = ",".join(dict.fromkeys(s.upper() for s in subs if s)) or None
    return cells


def _parse(payload: bytes) -> dict[str, Any]:
    text = re.sub(r'ISODate\(("[^"]*")\)', r"\1", payload.decode())
    document: dict[str, Any] = json.loads(text)
    return document


def _text(value: Any) -> Any:
    text = None if value is None else str(value)
    return text if text and text.strip() else None


def _consent(value: Any) -> bool:
    return str(value).lower() == "true"


def _millis(value: Any) -> int | None:
    if value is None:
        return None
    return round(datetime.fromisoformat(value).astimezone(UTC).timestamp() * 1000)
