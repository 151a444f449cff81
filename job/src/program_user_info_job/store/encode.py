"""Cells straight to the protocol's values: a length, then the bytes (v4, sections 3 and 6).

The driver's own `bind` checks and converts column by column and takes several times as long; all
columns here are text, boolean, timestamp, date or map<text, text>.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from program_user_info_job.row.layout import CqlType

NULL = b"\xff\xff\xff\xff"
"""The value that clears a column: the length -1."""
UNSET = b"\xff\xff\xff\xfe"
"""The value that leaves a column as it is: the length -2."""

length = struct.Struct(">I").pack
"""What precedes a value: its size in bytes."""
_int32_value = struct.Struct(">II").pack
_int64_value = struct.Struct(">Iq").pack
_MILLIS_PER_DAY = 86_400_000
_DATE_OF_EPOCH = 1 << 31
_TRUE = b"\x00\x00\x00\x01\x01"
_FALSE = b"\x00\x00\x00\x01\x00"


def encode_text(value: str) -> bytes:
    """A text in UTF-8."""
    encoded = value.encode()
    return length(len(encoded)) + encoded


def encode_bigint(value: int) -> bytes:
    """A bigint, or a timestamp in milliseconds."""
    return _int64_value(8, value)


def encode_int(value: int) -> bytes:
    """An int, such as a TTL in seconds."""
    return _int32_value(4, value)


def _encode_boolean(value: bool) -> bytes:
    return _TRUE if value else _FALSE


def _encode_date(millis: int) -> bytes:
    return _int32_value(4, _DATE_OF_EPOCH + millis // _MILLIS_PER_DAY)


def _encode_text_map(value: Mapping[str, str]) -> bytes:
    parts = [length(len(value))]
    for item in sorted(value.items()):
        parts += map(encode_text, item)
    encoded = b"".join(parts)
    return length(len(encoded)) + encoded


ENCODERS: dict[CqlType, Callable[[Any], bytes]] = {
    CqlType.TEXT: encode_text,
    CqlType.BOOLEAN: _encode_boolean,
    CqlType.TIMESTAMP: encode_bigint,
    CqlType.DATE: _encode_date,
    CqlType.TEXT_MAP: _encode_text_map,
}
"""Encoders of a cell that is neither null nor untouched."""


_UNTOUCHED = object()
Columns = tuple[tuple[str, Callable[[Any], bytes]], ...]
"""Names of columns and encoders of their cells."""


def encode_statement_in_python(
    head: bytes, key: tuple[str, ...], columns: Columns, cells: dict[str, Any], tail: bytes
) -> bytes:
    """A statement as bytes of a batch: its head, the key's texts, each column's cell, its tail.

    A cell that is None clears its column, an absent one leaves it as it is. `encode_statement` is
    this function, compiled (`_compiled.c`) where the compiled part is installed.
    """
    parts = [head, *map(encode_text, key)]
    add, find = parts.append, cells.get
    for name, encode in columns:
        value = find(name, _UNTOUCHED)
        if value.__class__ is str:  # nearly all are: spared the call of their encoder
            encoded = value.encode()
            add(length(len(encoded)))
            add(encoded)
        elif value is None:
            add(NULL)
        else:
            add(UNSET if value is _UNTOUCHED else encode(value))
    add(tail)
    return b"".join(parts)


try:
    from program_user_info_job.store import _compiled
except ImportError:  # nobody compiled it: slower, and the same bytes
    encode_statement = encode_statement_in_python
else:
    encode_statement = _compiled.encode_statement
