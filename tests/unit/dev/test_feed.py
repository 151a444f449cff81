"""The events of the job at full load."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from dev.documentation.monitoring.feed import as_of_now, pool
from program_user_info_job.record import process
from program_user_info_job.row.event_to_row import Origin, Rules
from tests.unit.job.events import NOW

SIZE = 20_000


def test_larger_events_are_of_the_size_that_was_asked_for() -> None:
    whole = [event for event in pool(SIZE) if event.endswith(b"}")]
    assert len(whole) > 1000
    assert all(SIZE <= len(event) <= SIZE + 100 for event in whole)


def test_events_in_waves_happen_now() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    changed = [as_of_now(event) for event in pool()[:200]]
    found = [re.search(rb'"updatedAt": "([^"]*)"', event) for event in changed]
    moments = [datetime.fromisoformat(each[1].decode()) for each in found if each]
    assert len(moments) > 190
    assert min(moments) >= before


def test_larger_events_say_the_same() -> None:
    """More bytes to read, nothing else to write."""
    few = slice(500)
    small, large = (
        [process(event, Origin(0, 0), Rules(), NOW) for event in events[few]]
        for events in (pool(), pool(SIZE))
    )
    assert large == small
