"""What keeps a job from its desired state until somebody changes something."""

from __future__ import annotations

from datetime import timedelta

from program_user_info_operator.policy.conditions import stalled


class Blocked(Exception):
    """Stalled: the running deployment stays as it is.

    `recheck` is set where nothing that the controller watches tells it of the remedy.
    """

    def __init__(self, reason: str, *messages: str, recheck: timedelta | None = None) -> None:
        super().__init__(reason)
        self.verdict = stalled(reason, messages)
        self.recheck = recheck
