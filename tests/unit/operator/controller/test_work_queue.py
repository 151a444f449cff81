"""Each key at most once, never twice at a time, failures backed off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from program_user_info_operator.controller.work_queue import WorkQueue


def run(
    handle: Callable[[str], Awaitable[None]],
    scenario: Callable[[WorkQueue[str]], Awaitable[None]],
) -> None:
    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue(jitter=lambda: 0.0)
        workers = [asyncio.create_task(queue.work(handle)) for _ in range(2)]
        await asyncio.wait_for(scenario(queue), 10)
        for worker in workers:
            worker.cancel()

    asyncio.run(main())


def test_a_key_that_waits_is_not_added_again() -> None:
    worked: list[str] = []
    done = asyncio.Event()

    async def handle(key: str) -> None:
        worked.append(key)
        if key == "last":
            done.set()

    async def scenario(queue: WorkQueue[str]) -> None:
        for key in ("a", "a", "b", "a", "last"):
            queue.add(key)
        await done.wait()

    run(handle, scenario)
    assert sorted(worked) == ["a", "b", "last"]


def test_a_key_is_never_worked_on_twice_at_a_time_and_no_request_is_lost() -> None:
    running: set[str] = set()
    worked: list[str] = []
    second = asyncio.Event()

    async def scenario(queue: WorkQueue[str]) -> None:
        queue.add("a")
        await second.wait()

    queues: list[WorkQueue[str]] = []

    async def handle(key: str) -> None:
        assert key not in running
        running.add(key)
        worked.append(key)
        if len(worked) == 1:
            queues[0].add(key)  # changed while it is worked on
            await asyncio.sleep(0)
        else:
            second.set()
        running.discard(key)

    async def with_queue(queue: WorkQueue[str]) -> None:
        queues.append(queue)
        await scenario(queue)

    run(handle, with_queue)
    assert worked == ["a", "a"]


def test_a_failure_is_tried_again_and_a_new_event_does_not_wait_for_that() -> None:
    attempts: list[str] = []
    begun, done = asyncio.Event(), asyncio.Event()

    async def handle(key: str) -> None:
        attempts.append(key)
        begun.set()
        if len(attempts) < 4:
            raise RuntimeError(key)
        done.set()

    async def scenario(queue: WorkQueue[str]) -> None:
        queue.add("a")
        await begun.wait()
        queue.add("a")
        await done.wait()

    run(handle, scenario)
    assert attempts == ["a"] * 4
