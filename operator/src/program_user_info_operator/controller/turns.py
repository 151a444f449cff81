"""Has the jobs looked at whose turn in a rollout may have come."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from program_user_info_operator.controller.controller import Controller

_PAUSE_SECONDS = 0.2
_TOLD_APART = timedelta(seconds=0.2)


async def take_turns_forever(controller: Controller) -> None:
    """Look at the next jobs at once, and at all others that wait when there is time.

    Those only have another job to name: so they are looked at one after the other, and a rollout of
    many jobs does not make each of them write its status at each step of each other one.
    """
    while True:
        await controller.turns_changed.wait()
        controller.turns_changed.clear()
        for key in controller.index.next_in_turn():
            controller.queue.add(key)
        for number, key in enumerate(controller.index.waiting(), start=1):
            controller.queue.add_later(key, number * _TOLD_APART)
        await asyncio.sleep(_PAUSE_SECONDS)
