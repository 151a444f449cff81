"""Events for the tests, built from one complete one."""

from __future__ import annotations

import json
from typing import Any

from program_user_info_job.event.rejection import Rejection
from program_user_info_job.record import process
from program_user_info_job.row.event_to_row import Origin, Row, Rules

NOW = 1_700_000_000_000
MOMENT = "2023-01-12T06:30:56.829Z"
MILLIS = 1_673_505_056_829
"""That moment, in milliseconds."""
MINIMAL: dict[str, Any] = {"programId": "p", "userId": "u", "userProfile": {}}


def event(**fields: Any) -> dict[str, Any]:
    """The smallest acceptable event, with some fields set."""
    return MINIMAL | fields


def convert(
    document: Any, rules: Rules | None = None, offset: int = 0, timestamp: int = NOW
) -> Row | Rejection:
    """Map a document, or raw bytes."""
    payload = document if isinstance(document, bytes | None) else json.dumps(document).encode()
    return process(payload, Origin(offset, timestamp), rules or Rules(), NOW)


def cells(document: Any, rules: Rules | None = None) -> dict[str, Any]:
    """The cells of an event that must be acceptable."""
    row = convert(document, rules)
    assert isinstance(row, Row), row
    return row.cells


def rejection(document: Any, rules: Rules | None = None) -> Rejection:
    """The rejection of an event that must not be acceptable."""
    outcome = convert(document, rules)
    assert isinstance(outcome, Rejection), outcome
    return outcome
