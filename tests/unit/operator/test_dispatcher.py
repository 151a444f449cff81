"""What a controller hears of while another one leads."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest

from program_user_info_operator.controller.dispatcher import Dispatcher

WANTED = (
    *(
        "api",
        "store",
        "watches",
        "reconciler",
        "index",
        "secrets",
        "timing",
        "profiles",
        "selector",
    ),
    *("workers", "resync_seconds", "secret_check_seconds", "silence_seconds", "timeout_seconds"),
)


@pytest.mark.parametrize(("leads", "waiting"), [(True, 2), (False, 0)])
def test_only_for_the_one_that_leads_do_jobs_wait(leads: bool, waiting: int) -> None:
    """Both hear the same news; the depth of the queue is summed over both on the dashboard."""
    parts: dict[str, Any] = {name: Mock() for name in WANTED}
    dispatcher = Dispatcher(**parts, lock=Mock(is_held=leads), namespaces=())
    for name in ("a", "b", "a"):
        dispatcher.add("jobs", name)
    assert dispatcher.waiting == waiting
