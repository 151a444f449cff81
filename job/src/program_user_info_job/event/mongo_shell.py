"""Mongo-shell documents: bare `ISODate("…")` and `ObjectId("…")`, read as their text."""

from __future__ import annotations

import re

# A string is matched as a whole, closed or not, so that nothing inside one is ever rewritten and
# the scan stays linear; possessive quantifiers keep it from backtracking.
_TOKEN = re.compile(
    rb'(?P<string>"(?:[^"\\]|\\.)*+(?:"|\\?\Z))'
    rb'|\b(?:ISODate|ObjectId)\s*+\(\s*+(?P<text>"(?:[^"\\]|\\.)*+")\s*+\)',
    re.DOTALL,
)


def to_json(payload: bytes) -> bytes | None:
    """The payload with shell constructors replaced by their text; None where it has none."""
    if b"ISODate" not in payload and b"ObjectId" not in payload:
        return None
    replaced = _TOKEN.sub(lambda match: match["string"] or match["text"], payload)
    return None if replaced == payload else replaced
