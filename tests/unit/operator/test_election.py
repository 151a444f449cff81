"""The election's thread: however it ends, the process hears of it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from program_user_info_operator.cluster.lease import LeaseLock, LeasePlace, Timing, lead


class Broken:
    """An API server of which nothing can be asked, for a reason that nobody has thought of."""

    def get(self, *_: object) -> None:
        raise RuntimeError("a bug")


def test_an_election_that_breaks_ends_the_process(caplog: pytest.LogCaptureFixture) -> None:
    """One that went unnoticed would leave a process that never leads again."""
    api: Any = Broken()
    timing = Timing.lasting(10)
    lost = threading.Event()
    lock = LeaseLock(api, LeasePlace("operator", "lease"), "me", timing)
    lead(lock, timing, on_elected=lambda: None, on_lost=lost.set).join(30)
    assert lost.is_set()
