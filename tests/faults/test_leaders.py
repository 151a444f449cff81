"""Two replicas: one leads, the other takes over, and never do both write."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import eventually
from tests.faults.arena import Arena
from tests.faults.control_plane import ControlPlane
from tests.faults.zygote import Zygote

pytestmark = pytest.mark.cluster
LEASE: dict[str, Any] = {"lease_seconds": 10}
"""As the chart has it."""


@pytest.fixture
def standby(arena: Arena, plane: ControlPlane, zygote: Zygote, tmp_path: Path) -> Iterator[Arena]:
    """Another replica, which works on the same namespace and has a proxy of its own."""
    (tmp_path / "standby").mkdir()
    with Arena(plane, zygote, tmp_path / "standby") as other:
        other.namespace, own = arena.namespace, other.namespace
        try:
            yield other
        finally:
            other.namespace = own


def leads(arena: Arena) -> bool:
    return "_leading 1" in arena.metrics()


def begin(arena: Arena, standby: Arena) -> None:
    """The first one leads, and the job runs; the second one is ready to."""
    arena.start_controller(identity="first", **LEASE)
    arena.put_job()
    arena.settled()
    standby.start_controller(identity="second", **LEASE)
    eventually(standby.is_healthy, "the standby is up")


def job_writes(arena: Arena) -> list[str]:
    """Paths of the replica's writes, but for those of the election."""
    return [each.path for each in arena.proxy.faults.requests if each.write]


@contextmanager
def stopped(arena: Arena) -> Iterator[None]:
    """The process is held; it does not notice."""
    assert arena.pid is not None
    os.kill(arena.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(arena.pid, signal.SIGCONT)


def test_the_standby_takes_over_from_a_leader_that_was_killed(arena: Arena, standby: Arena) -> None:
    begin(arena, standby)
    assert not leads(standby)
    arena.put_job(restartNonce=1)
    arena.settled()
    assert job_writes(standby) == []
    arena.kill()
    arena.put_job(restartNonce=2)
    eventually(lambda: leads(standby), "the standby leads")
    eventually(lambda: arena.deployment()["spec"]["restartNonce"] == 2, "the edit arrives")
    arena.settled()


def test_a_leader_that_ends_lets_the_standby_go_on_at_once(arena: Arena, standby: Arena) -> None:
    begin(arena, standby)
    arena.stop()
    lease = f"/apis/coordination.k8s.io/v1/namespaces/{arena.namespace}/leases/release-operator"
    holder = arena.api.get(lease)["spec"].get("holderIdentity")
    assert holder in (None, "second")
    eventually(lambda: leads(standby), "the standby leads")


def test_a_leader_that_wakes_up_after_it_was_replaced_writes_nothing(
    arena: Arena, standby: Arena
) -> None:
    begin(arena, standby)
    with stopped(arena):
        arena.put_job(restartNonce=1)
        eventually(lambda: leads(standby), "the standby leads")
        eventually(lambda: arena.deployment()["spec"]["restartNonce"] == 1, "the edit arrives")
        arena.settled()
        before = len(job_writes(arena))
        arena.put_job(restartNonce=2)
    eventually(lambda: arena.deployment()["spec"]["restartNonce"] == 2, "the edit arrives")
    eventually(lambda: not arena.is_alive(), "the old leader has ended")
    assert len(job_writes(arena)) == before
    arena.settled()
    assert "this is a bug" not in arena.log() + standby.log()


def test_the_leader_is_killed_in_the_middle_of_a_rollout(arena: Arena, standby: Arena) -> None:
    names = ["a", "b", "c"]
    arena.start_controller("1.0", identity="first", **LEASE)
    for name in names:
        arena.put_job(name, kafka={"bootstrapServers": ["kafka:9092"], "groupId": name})
    for name in names:
        arena.settled(name)
    arena.stop()
    arena.start_controller("2.0", identity="second", **LEASE)
    standby.start_controller("2.0", identity="third", **LEASE)
    eventually(lambda: "2.0" in arena.deployment("a")["spec"]["image"], "the rollout has begun")
    arena.kill()
    highest = 0

    def is_through() -> bool:
        nonlocal highest
        statuses = [arena.job(name)["status"] for name in names]
        highest = max(highest, sum(each["rollout"]["proving"] for each in statuses))
        return all("2.0" in each["image"] for each in statuses) and not any(
            each["rollout"]["proving"] for each in statuses
        )

    eventually(is_through, "every job has the release", timeout=120)
    assert highest == 1


def test_two_installations_do_not_fight_over_a_job(arena: Arena, standby: Arena) -> None:
    begin(arena, standby)
    standby.stop()
    standby.start_controller("2.0", lease="another", identity="second", lease_seconds=10)
    eventually(lambda: "KeptByAnother" in standby.log() or said(arena), "it says whose the job is")
    arena.put_job(restartNonce=1)
    arena.settled()
    assert arena.deployment()["spec"]["image"].startswith("image:1.0")
    assert not [path for path in job_writes(standby) if not path.endswith("/events")]


def said(arena: Arena) -> bool:
    path = f"/api/v1/namespaces/{arena.namespace}/events"
    return any(each["reason"] == "KeptByAnother" for each in arena.api.send("GET", path)["items"])
