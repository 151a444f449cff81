"""Reconciles the jobs whose turn in a rollout may have come."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from program_user_info_operator.controller.dispatcher import Dispatcher

_PAUSE_SECONDS = 0.2
_TOLD_APART = timedelta(seconds=0.2)


async def take_turns_forever(dispatcher: Dispatcher) -> None:
    """Look at the next jobs at once, and at all others that wait when there is time.

    Those only have another job to name: so they are looked at one after the other, and a rollout of
    many jobs does not make each of them write its status at each step of each other one.
    """
    await dispatcher.may_decide()
    while True:
        await dispatcher.turns_changed.wait()
        dispatcher.turns_changed.clear()
        for key in dispatcher.index.next_in_turn():
            dispatcher.ask(key)
        for number, key in enumerate(dispatcher.index.waiting(), start=1):
            dispatcher.queue.add_later(key, number * _TOLD_APART)
        await asyncio.sleep(_PAUSE_SECONDS)
