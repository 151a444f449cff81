"""One line of JSON for each event: its row as it would be written, or its rejection."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from program_user_info_job.event.rejection import Rejection
from program_user_info_job.record import process
from program_user_info_job.row.event_to_row import Origin, Row, Rules
from program_user_info_job.row.layout import CqlType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Printer:
    """Formats events under given rules.

    There is no record here: the offset counts as 0 and the clock is the record's timestamp.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._columns = rules.layout.columns

    def format(self, payload: bytes) -> bytes:
        """The line for one event, newline included."""
        now = time.time_ns() // 1_000_000
        outcome = process(payload, Origin(0, now), self._rules, now)
        answer = _rejected(outcome) if isinstance(outcome, Rejection) else self._row(outcome)
        return msgspec.json.encode(answer) + b"\n"

    def _row(self, row: Row) -> dict[str, Any]:
        cells = {"program_id": row.program_id, "user_id": row.user_id} | row.cells
        printed = {
            name: _printed(cells[name], cql_type)
            for name, cql_type in self._columns.items()
            if name in cells
        }
        return {"row": printed, "write_timestamp": row.write_timestamp}


def _rejected(rejection: Rejection) -> dict[str, Any]:
    return {"rejected": {"reason": rejection.reason, "detail": rejection.detail}}


def _printed(value: Any, cql_type: CqlType) -> Any:
    if value is None or cql_type not in (CqlType.TIMESTAMP, CqlType.DATE):
        return value
    moment = _EPOCH + timedelta(milliseconds=value)
    if cql_type is CqlType.DATE:
        return date.isoformat(moment.date())
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
