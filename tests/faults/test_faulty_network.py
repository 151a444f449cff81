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
                lambda nonce=nonce: arena.deployment()["spec"]["restartNonce"] == nonce,
                f"nonce {nonce} has arrived",
                timeout,
            )
        arena.settled(timeout=timeout)
    assert nonces == sorted(nonces)
    assert nonces[-1] == changes


def begin(arena: Arena) -> None:
    arena.start_controller()
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
            # A new namespace, of another arena that comes or goes, is no event of a job.
            if event["object"]["kind"] == "Namespace" or next(count) != dropped:
                return event
            lost.append(event)
            return None

        arena.proxy.faults.on_event = drop_one
        arena.put_job(restartNonce=dropped + 1)
        eventually(
            lambda dropped=dropped: arena.deployment()["spec"]["restartNonce"] == dropped + 1,
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
    assert "a watch is behind" in arena.log()


def test_stale_lists_do_no_harm(arena: Arena) -> None:
    begin(arena)
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

    arena.proxy.faults.on_list = stale
    change_and_settle(arena)
    assert served > 0


def test_expired_versions_make_it_list_anew(arena: Arena) -> None:
    begin(arena)
    count = itertools.count()
    arena.proxy.faults.on_event = lambda _, event: _EXPIRED if next(count) % 4 == 3 else event
    change_and_settle(arena)
    assert next(count) > 8
    assert arena.is_alive()


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
    arena.proxy.faults.on_request = lambda each: fault(each) if chance.random() < 0.2 else None
    arena.start_controller(api_timeout_seconds=2)
    arena.put_job()
    arena.settled(timeout=120)
    change_and_settle(arena, timeout=120)
    arena.proxy.faults.on_request = lambda _: None
    assert "this is a bug" not in arena.log()
    arena.at_rest()


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
