"""Cells straight to the protocol's bytes.

The driver's own `bind` checks and converts column by column and takes several times as long; all
columns here are text, boolean, timestamp, date or map<text, text> (native protocol, section 3).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from program_user_info_job.row.layout import CqlType

_int64 = struct.Struct(">q").pack
_uint32 = struct.Struct(">I").pack
_MILLIS_PER_DAY = 86_400_000
_DATE_OF_EPOCH = 1 << 31
_TRUE = b"\x01"
_FALSE = b"\x00"


def encode_bigint(value: int) -> bytes:
    """A bigint, or a timestamp in milliseconds."""
    return _int64(value)


def encode_int(value: int) -> bytes:
    """An int, such as a TTL in seconds."""
    return _uint32(value)


def _encode_boolean(value: bool) -> bytes:
    return _TRUE if value else _FALSE


def _encode_date(millis: int) -> bytes:
    return _uint32(_DATE_OF_EPOCH + millis // _MILLIS_PER_DAY)


def _encode_text_map(value: Mapping[str, str]) -> bytes:
    parts = [_uint32(len(value))]
    for item in sorted(value.items()):
        for text in item:
            encoded = text.encode()
            parts += (_uint32(len(encoded)), encoded)
    return b"".join(parts)


ENCODERS: dict[CqlType, Callable[[Any], bytes]] = {
    CqlType.TEXT: str.encode,
    CqlType.BOOLEAN: _encode_boolean,
    CqlType.TIMESTAMP: _int64,
    CqlType.DATE: _encode_date,
    CqlType.TEXT_MAP: _encode_text_map,
}
"""Encoders of a cell that is neither null nor untouched."""
