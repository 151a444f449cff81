"""Beginnings of rollouts: jobs that are good with release 1.0, and the next release on its way.

The order of the environments is staging, then production, one job at a time.
"""

from __future__ import annotations

from typing import Any

from program_user_info_operator.rollout.standings import Waves
from tests.unit.operator.controller import Controller
from tests.unit.operator.world import World

WAVES = Waves(1, ("staging", "production"))
UPGRADE = {"deadline": "5min"}
LOGIN = {"contactPoints": ["c:9042"], "credentials": {"secretName": "login"}}
OLD, NEW = "image:1.0", "image:2.0"


def image(world: World, name: str) -> str:
    text: str = world.deployment(name)["spec"]["image"]
    return text


def put(world: World, name: str, environment: str, **fields: Any) -> None:
    world.put_job(name, **({"environment": environment, "upgrade": UPGRADE} | fields))


def staging_and_production() -> World:
    """One job of each environment, good with release 1.0."""
    world = World()
    world.put_secret("login", "username", "password")
    for environment in ("staging", "production"):
        world.put_profile("parallelism: 2", environment)
        put(world, environment, environment, cassandra=LOGIN)
        first = Controller(world, waves=WAVES)
        first.settle(environment)
        first.stop()
    return world


def release(world: World, version: str = "2.0", **options: Any) -> Controller:
    """The next controller, which has looked at every job."""
    for index in list(world.listeners):
        world.listeners.remove(index)
    controller = Controller(world, version, options.pop("waves", WAVES), **options)
    controller.start()
    return controller


def pass_by(controller: Controller, **duration: float) -> None:
    """Time passes, and everything is looked at."""
    controller.world.later(**duration)
    controller.rest("staging", "production")


def fail_in_staging(world: World) -> Controller:
    """The release has failed in staging, which is back on the old one."""
    controller = release(world)
    world.flink_runs("staging", state="FAILED", error="no")
    pass_by(controller, seconds=1)
    pass_by(controller, minutes=6)
    assert world.state("staging") == ("Stalled", "UpgradeRolledBack")
    assert image(world, "staging") == OLD
    return controller


def restart(world: World) -> None:
    world.put_job("staging", restartNonce=1)


def fleet(*names: str, **fields: Any) -> World:
    """Jobs of one environment, good with release 1.0."""
    world = World()
    world.put_secret("login", "username", "password")
    world.put_profile("parallelism: 2")
    for name in names:
        put(world, name, "dev", cassandra=LOGIN, **fields)
        controller = Controller(world)
        controller.settle(name)
        controller.stop()
    return world


def fail(world: World, controller: Controller, name: str) -> None:
    controller.rest(name)
    world.flink_runs(name, state="FAILED", error="no")
    controller.rest(name)
    world.later(minutes=6)
    controller.rest(name)
