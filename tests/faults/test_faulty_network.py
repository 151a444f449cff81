"""Lost events, stale lists, expired versions, refusals, time-outs, restarts: it converges.

All the while nobody ever sees an older spec or nonce in the FlinkDeployment.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from tests.cluster import eventually
from tests.faults.arena import Arena, Object
from tests.faults.control_plane import ControlPlane
from tests.faults.proxy import Answer, Event, Fault, Hang, Lose, Request

pytestmark = pytest.mark.cluster

_CHANGES = 8
_KIND = "ProgramUserInfoJob"
_EXPIRED: Event = {
    "type": "ERROR",
    "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"},
}


@contextmanager
def recorded_nonces(arena: Arena) -> Iterator[list[int]]:
    """Every nonce that the deployment ever had, in the order in which it had them."""
    seen: list[int] = []
    stop = threading.Event()

    def record() -> None:
        while not stop.is_set():
            try:
                deployment = arena.deployment()
            except OSError:
                continue
            nonce = (deployment.get("spec") or {}).get("restartNonce")
            if nonce is not None and seen[-1:] != [nonce]:
                seen.append(nonce)
            time.sleep(0.01)

    thread = threading.Thread(target=record)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def change_and_settle(arena: Arena, changes: int = _CHANGES, timeout: float = 60) -> None:
    """Change the nonce again and again; each is applied, and none is ever taken back."""
    with recorded_nonces(arena) as nonces:
        for nonce in range(1, changes + 1):
            arena.put_job(restartNonce=nonce)
            eventually(
                partial(arena.has_nonce, nonce),
                f"nonce {nonce} has arrived",
                timeout,
            )
        arena.settled(timeout=timeout)
    assert nonces == sorted(nonces)
    assert nonces[-1] == changes


def begin(arena: Arena, **options: Any) -> None:
    arena.start_controller(**options)
    arena.put_job()
    arena.settled()


def test_each_watch_event_is_dropped_once(arena: Arena) -> None:
    begin(arena)
    lost: list[Event] = []
    events = 12  # more than a change has: the job's, its children's, and their statuses
    for dropped in range(events):
        count = iter(range(1000))

        def drop_one(
            _: Request, event: Event, count: Iterator[int] = count, dropped: int = dropped
        ) -> Event | None:
            # A new namespace, of another arena that comes or goes, is not an event of a job, and a
            # bookmark is not an event of any object.
            is_other = event["type"] == "BOOKMARK" or event["object"]["kind"] == "Namespace"
            if is_other or next(count) != dropped:
                return event
            lost.append(event)
            return None

        arena.proxy.faults.on_event = drop_one
        arena.put_job(restartNonce=dropped + 1)
        eventually(
            partial(arena.has_nonce, dropped + 1),
            f"the change arrives without event {dropped}",
        )
        arena.settled()
    kinds = {event["object"]["kind"] for event in lost}
    assert kinds == {_KIND, "FlinkDeployment", "ConfigMap"}


@pytest.mark.parametrize("kind", ["programuserinfojobs", "flinkdeployments", "configmaps"])
def test_a_silent_watch_is_made_up_for_and_found_out(arena: Arena, kind: str) -> None:
    begin(arena)
    eventually(arena.is_healthy, "the controller is healthy")
    arena.proxy.faults.on_event = lambda request, event: None if kind in request.path else event
    change_and_settle(arena, changes=1)
    arena.put_job("another")
    arena.settled("another")
    eventually(lambda: not arena.is_healthy(), "the liveness probe fails", timeout=60)
    assert "a watch is silent" in arena.log()


def test_stale_lists_do_no_harm(arena: Arena) -> None:
    begin(arena, resync_seconds=1)
    first: dict[str, Object] = {}
    chance = random.Random(7)

    served = 0

    def stale(request: Request, answer: Object) -> Object:
        nonlocal served
        old = first.setdefault(f"{request.path}?{request.query}", answer)
        if old == answer or chance.random() < 0.5:
            return answer
        served += 1
        return old

    count = itertools.count()
    arena.proxy.faults.on_event = lambda _, event: _EXPIRED if next(count) % 5 == 4 else event
    arena.proxy.faults.on_list = stale
    change_and_settle(arena)
    eventually(lambda: served > 0, "a stale list was served")
    arena.at_rest()
    assert arena.deployment()["spec"]["restartNonce"] == _CHANGES


def test_expired_versions_make_it_list_anew(arena: Arena) -> None:
    begin(arena)
    count = itertools.count()
    arena.proxy.faults.on_event = lambda _, event: _EXPIRED if next(count) % 4 == 3 else event
    change_and_settle(arena)
    assert next(count) > 8
    assert arena.is_alive()


def test_events_that_come_late_and_twice_change_nothing_back(arena: Arena) -> None:
    begin(arena)
    earlier: dict[str, Event] = {}
    repeated = 0

    def shuffle(request: Request, event: Event) -> Event:
        """Of every two events of an object the first comes twice, the second one event late."""
        nonlocal repeated
        if event["type"] != "MODIFIED":
            return event
        name = f"{request.path}/{event['object']['metadata']['name']}"
        old = earlier.pop(name, None)
        if old is not None:
            repeated += 1
            return old
        earlier[name] = event
        return event

    arena.proxy.faults.on_event = shuffle
    change_and_settle(arena)
    assert repeated > _CHANGES
    arena.at_rest()
    assert arena.deployment()["spec"]["restartNonce"] == _CHANGES


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda _: Answer(429), id="429"),
        pytest.param(lambda _: Answer(500), id="500"),
        pytest.param(lambda request: Answer(409) if request.write else None, id="409"),
        pytest.param(lambda _: Lose(forwarded=False), id="lost on the way"),
        pytest.param(lambda _: Lose(forwarded=True), id="lost on the way back"),
        pytest.param(lambda _: Hang(), id="time-out"),
    ],
)
def test_a_fifth_of_all_calls_fails(arena: Arena, fault: Callable[[Request], Fault]) -> None:
    chance = random.Random(11)

    def at_random(request: Request) -> Fault:
        """Who loses the Lease ends, and is started again by the kubelet, which is not here."""
        is_of_a_job = "/leases" not in request.path
        return fault(request) if is_of_a_job and chance.random() < 0.2 else None

    arena.proxy.faults.on_request = at_random
    arena.start_controller(api_timeout_seconds=2)
    arena.put_job()
    arena.settled(timeout=120)
    change_and_settle(arena, timeout=120)
    arena.proxy.faults.on_request = lambda _: None
    assert "this is a bug" not in arena.log()
    arena.at_rest()


def test_jobs_that_hang_or_fail_at_every_try_are_in_nobodys_way(arena: Arena) -> None:
    """More of them than the controller has workers."""

    def fault(request: Request) -> Fault:
        if "/services/hanging" in request.path:
            return Hang()
        return (
            Answer(500) if request.write and "/flinkdeployments/failing" in request.path else None
        )

    arena.proxy.faults.on_request = fault
    arena.start_controller()
    others = [f"other-{number}" for number in range(10)]
    hanging = [f"hanging-{number}" for number in range(6)]
    for name in [*hanging, "failing-0", "failing-1", *others]:
        arena.put_job(name)
    for name in others:
        arena.settled(name, timeout=120)
    # They run; whether they are good, only Flink could say.
    running = ("Ready", "Running", "Pending")

    def all_run() -> bool:
        return all(arena.state(name) == running for name in hanging)

    eventually(all_run, "those that hang run", 120)
    for name in [*others, *hanging]:
        arena.put_job(name, restartNonce=1)
    for name in [*others, *hanging]:
        eventually(
            partial(arena.has_nonce, 1, name),
            f"the change of {name} has arrived",
        )
    assert arena.deployment("failing-0") == {}


def test_the_api_server_is_restarted(arena: Arena, plane: ControlPlane) -> None:
    begin(arena)
    plane.restart_api_server()
    change_and_settle(arena, changes=3)
    assert arena.is_alive()


def test_every_write_names_the_version_that_it_was_decided_on(arena: Arena) -> None:
    """So a request that was held up on its way cannot undo what came after it."""
    begin(arena)
    bodies: list[Object] = []
    arena.proxy.faults.on_body = lambda _, body: bodies.append(body)
    change_and_settle(arena, changes=2)
    assert len(bodies) > 4
    changes = [each for each in bodies if each.get("kind") in ("FlinkDeployment", _KIND)]
    assert len(changes) >= 4
    assert all(each["metadata"].get("resourceVersion") for each in changes)
    (late,) = [each for each in changes if (each.get("spec") or {}).get("restartNonce") == 1]
    with pytest.raises(OSError, match="409"):
        arena.api.apply(arena.deployment_path(), late, manager="program-user-info-operator")
