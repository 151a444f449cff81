"""What the table must hold: each cell its newest value. Written without the job's code.

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
    """A record of the topic, unchanged; `timestamp` is Kafka's, in milliseconds."""

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
            candidate = (stamp, value is None, raw(value), value)
            if column not in row or candidate[:3] > row[column][:3]:
                row[column] = candidate
    return {
        key: {column: best[3] for column, best in row.items() if best[3] is not None}
        for key, row in cells.items()
    }


def raw(value: Any) -> bytes:
    """A cell's bytes, by which Cassandra breaks ties."""
    match value:
        case None:
            return b""
        case bool():
            return bytes([value])
        case int():
            return value.to_bytes(8, "big", signed=True)
        case _:
            return str(value).encode()


def _cells(event: dict[str, Any]) -> Row:
    cells: Row = {"pii_consent_required": _consent(event.get("requestForPIIConsent"))}
    readers = {
        ("program_name", "programName"): _text,
        ("program_externalid", "programExternalId"): _text,
        ("created_at", "createdAt"): _millis,
        ("updated_at", "updatedAt"): _millis,
    }
    for (column, field), read in readers.items():
        if field in event:
            cells[column] = read(event[field])
    profile = event["userProfile"]
    if "userLocations" in profile:
        cells |= _locations(profile["userLocations"])
    if "profileUserTypes" in profile:
        cells |= _user_types(profile["profileUserTypes"])
    return cells | _organisation(profile)


def _locations(places: list[dict[str, Any]]) -> Row:
    cells: Row = {f"{kind}_{field}": None for kind in _LOCATIONS for field in _FIELDS}
    for place in places:
        kind = str(place.get("type")).lower()
        if kind in _LOCATIONS:
            cells |= {f"{kind}_{field}": _text(place[field]) for field in _FIELDS if field in place}
    return cells


def _organisation(profile: dict[str, Any]) -> Row:
    if "rootOrg" in profile:
        chosen, id_field = profile["rootOrg"], "id"
    elif "organisations" in profile:
        some = profile["organisations"]
        chosen = next((each for each in some if each.get("isSchool") is False), (some or [{}])[0])
        id_field = "organisationId"
    else:
        return {}
    return {
        "organisation_id": _text(chosen.get(id_field)),
        "organisation_name": _text(chosen.get("orgName")),
    }


def _user_types(entries: list[dict[str, Any]]) -> Row:
    kinds = [_text(each.get("type")) for each in entries]
    subs = [_text(each.get("subType")) for each in entries]
    known = [kind.lower() for kind in kinds if kind]
    return {
        "user_type": known[-1] if known else None,
        "user_sub_type": ",".join(dict.fromkeys(sub.upper() for sub in subs if sub)) or None,
    }


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
