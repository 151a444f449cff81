"""Processes one record: its bytes are decoded and mapped, or rejected."""

from __future__ import annotations

from program_user_info_job.event.decode import decode_event
from program_user_info_job.event.rejection import Rejected, Rejection
from program_user_info_job.row.event_to_row import Origin, Row, Rules, to_row
from program_user_info_job.row.size import SAFE_PAYLOAD_BYTES, check_size


def process(payload: bytes | None, origin: Origin, rules: Rules, now: int) -> Row | Rejection:
    """The row or the rejection; never raises, whatever the bytes. `now` is in milliseconds."""
    try:
        row = to_row(decode_event(payload), origin, rules, now)
        if payload is not None and len(payload) > SAFE_PAYLOAD_BYTES:
            check_size(row.program_id, row.user_id, row.cells)
        return row
    except Rejected as rejected:
        return rejected.rejection
