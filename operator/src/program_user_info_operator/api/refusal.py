"""Why a job does not get what its resource asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Refusal:
    """`reason` for the condition; `message` says what is wrong and what to do instead.

    `recheck` is set if no watch would tell the controller that the problem is fixed.
    """

    reason: str
    message: str
    recheck: timedelta | None = None
