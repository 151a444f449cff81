"""Why a job does not get what its resource asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Refusal:
    """`reason` for the condition; `message` says what is wrong and what to do instead.

    `recheck` is set where nothing that the controller watches would tell it of the remedy.
    """

    reason: str
    message: str
    recheck: timedelta | None = None
