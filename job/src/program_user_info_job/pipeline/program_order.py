"""The order in which a call's records are mapped: program by program, as far as their bytes tell.

Once all records of a program are mapped, its rows leave for Cassandra in a request as full as it
gets, while other programs are mapped. The order is all that depends on what is guessed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

Record = tuple[bytes | None, int, int]
"""Payload, offset, and time in milliseconds."""
_AT_ONCE = 500
"""Records in a part, at least; more only where its last program has few."""

_find_program = re.compile(
    rb'"programId"\s*:\s*(?:\{\s*"\$oid"\s*:\s*|ObjectId\s*\(\s*)?"([^"\\]*)"'
).search


class CallPart(NamedTuple):
    """Records with their positions in the call, and the programs that none are left of."""

    records: list[tuple[int, Record]]
    complete: list[str]


def in_parts(records: Iterable[Record]) -> Iterator[CallPart]:
    """Each record once, those of one program one after the other."""
    records_of: dict[bytes, list[tuple[int, Record]]] = {}
    for item in enumerate(records):
        program = likely_program(item[1][0])
        group = records_of.get(program)
        if group is None:
            records_of[program] = [item]
        else:
            group.append(item)
    part = CallPart([], [])
    for program, group in records_of.items():
        for start in range(0, len(group), _AT_ONCE):
            part.records.extend(group[start : start + _AT_ONCE])
            if start + _AT_ONCE >= len(group):
                part.complete.append(program.decode(errors="replace"))
            if len(part.records) >= _AT_ONCE:
                yield part
                part = CallPart([], [])
    if part.records:
        yield part


def likely_program(payload: bytes | None) -> bytes:
    """What stands behind the first `programId`; a nested object's, perhaps. Empty: nothing found.

    Nothing is decoded for it: that would take three times as long.
    """
    found = _find_program(payload) if payload else None
    return found[1] if found else b""
