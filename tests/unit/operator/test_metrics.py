"""The controller's own metrics: that a watch is heard of shows when it last was."""

from __future__ import annotations

import time

from program_user_info_operator.metrics import WATCH_EVENTS, note_event


def last_heard(kind: str) -> float:
    (family,) = WATCH_EVENTS.collect()
    return next(each.value for each in family.samples if each.labels == {"kind": kind})


def test_an_event_moves_the_time_of_its_kind_and_of_no_other() -> None:
    before = time.time()
    note_event("Heard")
    WATCH_EVENTS.labels("Silent").set(7)
    note_event("Heard")
    assert before <= last_heard("Heard") <= time.time()
    assert last_heard("Silent") == 7
