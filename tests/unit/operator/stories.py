"""Beginnings that several tests share: a job that is good, a revision that fails."""

from __future__ import annotations

from typing import Any

from program_user_info_operator.rollout.standings import Waves
from tests.unit.operator.controller import Controller
from tests.unit.operator.world import World

PATIENT: dict[str, Any] = {"deadline": "5min"}
IN_PLACE = PATIENT | {"strategy": "replace"}
PAUSED = Waves(1, (), paused=True)


def running(upgrade: dict[str, Any] = PATIENT, **fields: Any) -> tuple[World, Controller]:
    """A job that is good with release 1.0."""
    world = World()
    world.put_job(upgrade=upgrade, **fields)
    controller = Controller(world)
    controller.settle()
    return world, controller


def images(world: World) -> list[str]:
    """Of each FlinkDeployment, oldest first."""
    return [each["spec"]["image"] for each in world.deployments()]


def fail(world: World, controller: Controller, error: str = "no") -> None:
    """The newest deployment never runs."""
    controller.rest()
    world.flink_runs(state="RECONCILING", error=error)
    controller.rest()
    world.later(minutes=6)
    controller.rest()
