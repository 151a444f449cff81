"""Which jobs are looked at when somebody's turn in a rollout may have come."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from program_user_info_operator.controller.turns import take_turns_forever
from program_user_info_operator.reconcile.installation import Key
from tests.unit.operator.dispatchers import leading, standing_by

NEXT, WAITS = Key("jobs", "next"), Key("jobs", "waits")


@pytest.mark.parametrize("last", ["is_filled", "is_leading"])
def test_no_turn_is_taken_before_all_is_known_and_this_process_leads(last: str) -> None:
    """A job of which only a part is known would lose the deployment that writes for it."""

    async def play() -> None:
        dispatcher = standing_by()
        index: Any = dispatcher.index
        index.next_in_turn.return_value = [NEXT]
        index.waiting.return_value = [WAITS]
        taking = asyncio.create_task(take_turns_forever(dispatcher))
        dispatcher.turns_changed.set()
        for event in ({"is_filled", "is_leading"} - {last}, {last}):
            assert not index.waiting.called
            getattr(dispatcher, *event).set()
            for _ in range(5):
                await asyncio.sleep(0)
        assert index.waiting.called
        assert len(dispatcher.queue) == 1
        taking.cancel()

    asyncio.run(asyncio.wait_for(play(), 10))


def test_those_that_wait_are_looked_at_one_after_the_other_and_later_than_the_next_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    apart = "program_user_info_operator.controller.turns._TOLD_APART"
    monkeypatch.setattr(apart, timedelta(milliseconds=10))
    worked_on: list[Key] = []
    others = [Key("jobs", name) for name in ("b", "c")]

    async def play() -> None:
        dispatcher = leading()
        index: Any = dispatcher.index
        index.next_in_turn.return_value = [NEXT]
        index.waiting.return_value = others
        done = asyncio.Event()

        async def handle(key: Key) -> None:
            worked_on.append(key)
            if len(worked_on) == 3:
                done.set()

        tasks = [
            asyncio.create_task(take_turns_forever(dispatcher)),
            asyncio.create_task(dispatcher.queue.work(handle)),
        ]
        dispatcher.turns_changed.set()
        await done.wait()
        assert not dispatcher.turns_changed.is_set()
        for task in tasks:
            task.cancel()

    asyncio.run(asyncio.wait_for(play(), 60))
    assert worked_on == [NEXT, *others]
