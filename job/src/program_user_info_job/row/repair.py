"""Repairs what the Scala job has corrupted since its release 8.0: `Some(…)`, `None` as text.

It wrote Scala's options instead of what is in them: map keys `Some(district)_name`, values
`Some(…)`, user types `some(administrator)`, sub types `SOME(DEO)`, the text `None` for a missing
organisation id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from program_user_info_job.row.layout import LOCATION_COLUMNS

_SOME = re.compile(r"some\((.*)\)", re.IGNORECASE | re.DOTALL)
_KEY = re.compile(r"some\((.*)\)(_(?:code|id|name))", re.IGNORECASE | re.DOTALL)
_NONE = "None"

_TEXT_COLUMNS = ("organisation_id", "organisation_name", "user_type", *LOCATION_COLUMNS)

Cells = dict[str, Any]


def repaired(row: Mapping[str, Any]) -> Cells:
    """The columns of a stored row that have to change, with what they should hold.

    Empty for a row that is as it should be, so the repair of a repaired row changes nothing.
    """
    changes: Cells = {}
    for column in _TEXT_COLUMNS:
        _note(changes, row, column, _text)
    _note(changes, row, "user_sub_type", _sub_types)
    _note(changes, row, "user_locations", _locations)
    return changes


def _note(changes: Cells, row: Mapping[str, Any], column: str, repair: Any) -> None:
    value = row.get(column)
    if value is not None:
        better = repair(value)
        if better != value:
            changes[column] = better


def _text(value: str) -> str | None:
    """`Some(x)` is x, however deep; `None` is nothing."""
    while (wrapped := _SOME.fullmatch(value)) is not None:
        value = wrapped[1]
    return None if value == _NONE or not value.strip() else value


def _sub_types(value: str) -> str | None:
    kept = dict.fromkeys(filter(None, (_text(part) for part in value.split(","))))
    return ",".join(kept) or None


def _locations(value: Mapping[str, str]) -> dict[str, str] | None:
    """A clean key wins over one that becomes the same: the Scala job never wrote both."""
    repaired_locations: dict[str, str] = {}
    for key, text in sorted(value.items(), key=lambda item: _KEY.fullmatch(item[0]) is None):
        wrapped = _KEY.fullmatch(key)
        kind = _text(wrapped[1]) if wrapped else None
        name = key if wrapped is None else f"{kind.lower()}{wrapped[2]}" if kind else None
        better = _text(text)
        if name is not None and better is not None:
            repaired_locations[name] = better
    return repaired_locations or None
