"""Cells that Cassandra would refuse, or that would hurt it, are caught before they are sent."""

from __future__ import annotations

from typing import Any

from program_user_info_job.event.rejection import Reason, Rejected

MAX_KEY_BYTES = 65_535
"""Cassandra's limit for partition and clustering keys (an unsigned short)."""
MAX_CELL_BYTES = 1 << 20
"""Far below the mutation limit (16 MiB by default), far above any real name."""
MAX_ROW_BYTES = 4 << 20
"""Keeps the one-row mutation well below the server's limit as well."""
SAFE_PAYLOAD_BYTES = MAX_KEY_BYTES
"""No row of a payload up to this size can exceed a limit: changes of case at most triple a text."""


def check_size(program_id: str, user_id: str, cells: dict[str, Any]) -> None:
    """Raise `Rejected` TOO_LARGE, naming column, size and limit in bytes."""
    total = 0
    for column, key in (("program_id", program_id), ("user_id", user_id)):
        total += _check(column, len(key.encode()), MAX_KEY_BYTES)
    for column, value in cells.items():
        total += _check(column, _size(value), MAX_CELL_BYTES)
    _check("row", total, MAX_ROW_BYTES)


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, dict):
        return sum(len(key.encode()) + len(text.encode()) + 8 for key, text in value.items())
    return 8


def _check(name: str, size: int, limit: int) -> int:
    if size > limit:
        raise Rejected(Reason.TOO_LARGE, f"{name}: {size} bytes, at most {limit} allowed")
    return size
