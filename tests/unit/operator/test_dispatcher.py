"""What a controller hears of while another one leads, and what it looks at once it leads itself."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import Mock

import pytest

from program_user_info_operator.cluster.api_server import JOB
from program_user_info_operator.cluster.store import Place, Store
from program_user_info_operator.controller.dispatcher import Dispatcher
from program_user_info_operator.controller.resync import look_at_all_forever
from program_user_info_operator.controller.turns import take_turns_forever
from program_user_info_operator.reconcile.installation import Key

WANTED = (
    *("api", "watches", "reconciler", "index", "secrets", "lock", "timing", "profiles", "selector"),
    *("workers", "resync_seconds", "secret_check_seconds", "silence_seconds", "timeout_seconds"),
)


@pytest.fixture
def dispatcher() -> Dispatcher:
    parts: dict[str, Any] = {name: Mock() for name in WANTED}
    return Dispatcher(**parts, store=Store(), namespaces=("jobs",))


def hear_of(dispatcher: Dispatcher, *names: str, namespace: str = "jobs") -> None:
    for name in names:
        metadata = {"namespace": namespace, "name": name, "resourceVersion": "1"}
        dispatcher.store.put(JOB, {"metadata": metadata})
        dispatcher.hear(Place(JOB, namespace, name), name)


@pytest.mark.parametrize("only", ["is_filled", "is_leading"])
def test_nothing_is_queued_before_all_is_known_and_this_process_leads(
    dispatcher: Dispatcher, only: str
) -> None:
    """The depth of the queue is summed over all processes on the dashboard."""
    getattr(dispatcher, only).set()
    hear_of(dispatcher, "a")
    assert len(dispatcher.queue) == 0


def test_the_one_that_leads_queues_each_job_once(dispatcher: Dispatcher) -> None:
    dispatcher.is_filled.set()
    dispatcher.is_leading.set()
    hear_of(dispatcher, "a", "b", "a")
    hear_of(dispatcher, "c", namespace="others")
    assert len(dispatcher.queue) == 2


def test_the_one_that_takes_the_lead_looks_at_the_jobs_that_there_are(
    dispatcher: Dispatcher,
) -> None:
    """Not at those that were there while it stood by."""

    async def play() -> None:
        looking = asyncio.create_task(look_at_all_forever(dispatcher))
        dispatcher.is_filled.set()
        hear_of(dispatcher, "a", "b", "gone")
        hear_of(dispatcher, "c", namespace="others")
        await asyncio.sleep(0)
        dispatcher.store.remove(Place(JOB, "jobs", "gone"), 2)
        assert len(dispatcher.queue) == 0
        dispatcher.is_leading.set()
        for _ in range(3):
            await asyncio.sleep(0)
        assert len(dispatcher.queue) == 2
        looking.cancel()

    asyncio.run(asyncio.wait_for(play(), 10))


@pytest.mark.parametrize("last", ["is_filled", "is_leading"])
def test_no_turn_is_taken_before_all_is_known_and_this_process_leads(
    dispatcher: Dispatcher, last: str
) -> None:
    """A job of which only a part is known would lose the deployment that writes for it."""
    index: Any = dispatcher.index
    index.next_in_turn.return_value = [Key("jobs", "next")]
    index.waiting.return_value = [Key("jobs", "waits")]

    async def play() -> None:
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


def test_jobs_of_a_namespace_that_can_be_seen_again_are_known_again(
    dispatcher: Dispatcher,
) -> None:
    index: Any = dispatcher.index
    hear_of(dispatcher, "a")
    dispatcher.lose_sight_of({"jobs"})
    index.step_aside.assert_called_once_with(Key("jobs", "a"))
    assert not index.put.called
    dispatcher.lose_sight_of(set())
    index.put.assert_called_once_with(Key("jobs", "a"), dispatcher.store.get(JOB, "jobs", "a"))
