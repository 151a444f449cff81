"""The controller is killed after each single write; the next one ends in the same objects."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cluster import eventually
from tests.faults.arena import BASE, Arena, Object
from tests.faults.control_plane import ControlPlane
from tests.faults.proxy import Request
from tests.faults.zygote import Zygote
from tests.objects import difference

pytestmark = pytest.mark.cluster
_AT_ONCE = 4
_PATIENCE_SECONDS = 120.0


IMPATIENT = {"deadline": "4s"}


def nothing(_: Arena) -> None:
    pass


@dataclass(frozen=True)
class Scenario:
    """`before` comes to rest first; the kill is after a write that `change` leads to."""

    name: str
    change: Callable[[Arena], None]
    before: Callable[[Arena], None] = nothing
    versions: tuple[str, str] = ("1.0", "1.0")
    expected: tuple[str, str, str] = field(default=("Ready", "Running", "Stable"))


def create(arena: Arena) -> None:
    arena.put_job()


def create_with_little_patience(arena: Arena) -> None:
    arena.put_job(upgrade=BASE["upgrade"] | IMPATIENT, checkpoints={"interval": "1s"})


def create_to_overlap(arena: Arena) -> None:
    arena.put_job(upgrade=IMPATIENT, checkpoints={"interval": "1s"})


SCENARIOS = [
    Scenario("create", create),
    Scenario("update", lambda arena: arena.put_job(parallelism=2), create),
    Scenario("configure", lambda arena: arena.put_job(kafka={"topic": "other"}), create),
    Scenario("upgrade", nothing, create, versions=("1.0", "2.0")),
    Scenario(
        "roll back",
        lambda arena: arena.put_job(image="bad"),
        create_with_little_patience,
        expected=("Stalled", "UpgradeRolledBack", "RolledBack"),
    ),
    Scenario("overlap", lambda arena: arena.put_job(parallelism=2), create_to_overlap),
    Scenario(
        "an overlap that fails",
        lambda arena: arena.put_job(image="bad"),
        create_to_overlap,
        expected=("Stalled", "UpgradeRolledBack", "RolledBack"),
    ),
    Scenario(
        "roll a release back",
        nothing,
        create_with_little_patience,
        versions=("1.0", "bad"),
        expected=("Stalled", "UpgradeRolledBack", "RolledBack"),
    ),
]


class Played(NamedTuple):
    """The writes that the change took, whether there was a kill, and the objects at the end."""

    writes: int
    was_killed: bool
    objects: Object


@dataclass(frozen=True)
class Stage:
    """Where the scenarios are played."""

    plane: ControlPlane
    zygote: Zygote

    def play(self, scenario: Scenario, kill_after: int | None, wanted: Object | None) -> Played:
        """Play it until it comes to rest, as `wanted` if given."""
        with (
            tempfile.TemporaryDirectory() as folder,
            Arena(self.plane, self.zygote, Path(folder)) as arena,
        ):
            first, second = scenario.versions
            arena.start_controller(first)
            if scenario.before is not nothing:
                scenario.before(arena)
                arena.settled()
                arena.at_rest()
            if first != second:
                arena.kill()
            start = arena.proxy.writes
            killed: list[Request] = []

            def on_written(request: Request) -> None:
                if kill_after is not None and not killed and request.write == start + kill_after:
                    killed.append(request)
                    arena.die()

            arena.proxy.faults.on_written = on_written
            scenario.change(arena)
            if first != second:
                arena.start_controller(second)

            def is_done() -> bool:
                return (
                    arena.proxy.writes > start
                    and arena.is_settled()
                    and arena.state() == scenario.expected
                    and arena.quiet_for(3.0)
                )

            eventually(lambda: killed or is_done(), "the kill, or the end")
            if killed:
                arena.kill()
                arena.start_controller(second)
            deadline = time.monotonic() + _PATIENCE_SECONDS
            while not (arena.portable_snapshot() == wanted if wanted is not None else is_done()):
                if time.monotonic() > deadline:
                    break  # the test shows what differs
                time.sleep(0.5)
            arena.at_rest()
            return Played(arena.proxy.writes - start, bool(killed), arena.portable_snapshot())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_same_objects_whichever_write_was_the_last(
    plane: ControlPlane, zygote: Zygote, scenario: Scenario
) -> None:
    stage = Stage(plane, zygote)
    undisturbed = stage.play(scenario, None, None)
    assert undisturbed.writes >= 4
    points = range(1, undisturbed.writes + 1)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        played = list(
            pool.map(lambda point: stage.play(scenario, point, undisturbed.objects), points)
        )
    for point, found in zip(points, played, strict=True):
        text = difference(undisturbed.objects, found.objects)
        assert not text, f"killed after write {point}:\n{text}"
    # With a lucky rhythm the last writes, a status and its Event, are saved.
    assert sum(found.was_killed for found in played) >= undisturbed.writes - 3


def test_deletion_takes_no_write_of_the_controllers(arena: Arena) -> None:
    arena.start_controller()
    create(arena)
    arena.settled()
    arena.at_rest()
    writes = arena.proxy.writes
    arena.kill()
    arena.delete_job()
    eventually(lambda: not arena.deployment() and not arena.config_maps(), "the children are gone")
    arena.start_controller()
    eventually(arena.is_healthy, "the controller is up")
    assert arena.quiet_for(4.0)
    assert arena.proxy.writes == writes
