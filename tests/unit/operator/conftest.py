"""One job in a world without a cluster, and the controller that looks after it."""

from __future__ import annotations

import pytest

from tests.unit.operator.controller import Controller
from tests.unit.operator.world import World


@pytest.fixture
def world() -> World:
    world = World()
    world.put_job()
    return world


@pytest.fixture
def controller(world: World) -> Controller:
    return Controller(world)
