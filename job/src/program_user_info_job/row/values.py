"""Readers of single values: text, boolean and timestamp in every form that events carry."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from program_user_info_job.event.decode import ABSENT
from program_user_info_job.event.rejection import invalid_field

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
# The range of a datetime, years 1 to 9999: what every reader of the table can show.
_FIRST = -62_135_596_800_000
_LAST = 253_402_300_799_999
_SHELL_DATE = re.compile(r'ISODate\(\s*["\']([^"\']*)["\']\s*\)')
_TIMESTAMP = "an ISO-8601 timestamp with zone, $date or epoch milliseconds"


def read_text(value: Any, path: str) -> str | None:
    """Text as it is, an integer as its digits; blank, null and absent are None."""
    if value.__class__ is str:
        return value if value and not value.isspace() else None
    if value is None or value is ABSENT:
        return None
    if value.__class__ is int:
        return str(value)
    raise invalid_field(path, value, "text or an integer")


def read_id(value: Any, path: str) -> str | None:
    """An identifier: text, an integer, or Mongo's extended JSON `{"$oid": …}`."""
    if value.__class__ is dict and len(value) == 1 and "$oid" in value:
        value = value["$oid"]
    return read_text(value, path)


def read_consent(value: Any, path: str) -> bool:
    """A boolean, or its name in any case; null is False."""
    if value is True or value is False:
        return value
    if value is None:
        return False
    if value.__class__ is str:
        name = value.lower()
        if name in ("true", "false"):
            return name == "true"
    raise invalid_field(path, value, "a boolean")


def read_timestamp(value: Any, path: str) -> int | None:
    """Milliseconds since the epoch, UTC; null is None.

    Reads ISO-8601 with `Z` or an offset, `{"$date": iso | millis | {"$numberLong": millis}}`,
    `ISODate("iso")` and integer milliseconds. A finer fraction is cut to the millisecond.
    """
    inner = value
    if inner.__class__ is dict and len(inner) == 1 and "$date" in inner:
        inner = inner["$date"]
        if inner.__class__ is dict and len(inner) == 1 and "$numberLong" in inner:
            inner = _read_digits(inner["$numberLong"])
    if inner is None and value is None:
        return None
    millis: int | None = None
    if inner.__class__ is str:
        millis = _read_iso(inner)
    elif inner.__class__ is int:
        millis = inner
    if millis is None or not _FIRST <= millis <= _LAST:
        raise invalid_field(path, value, _TIMESTAMP)
    return millis


def _read_iso(text: str) -> int | None:
    if text.startswith("ISODate("):
        match = _SHELL_DATE.fullmatch(text)
        text = match[1] if match else ""
    # fromisoformat takes any separator and no zone at all; neither names a moment for certain.
    if text[10:11] not in ("T", "t", " "):
        return None
    if text[-1] == "z":
        text = f"{text[:-1]}Z"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else (moment - _EPOCH) // MILLISECOND


def _read_digits(value: Any) -> Any:
    if value.__class__ is str and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    return value if value.__class__ is int else ""
