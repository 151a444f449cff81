"""One job in a world without a cluster, and the controller that looks after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.operator.controller import Controller
from tests.unit.operator.local_api import LocalApi, serving
from tests.unit.operator.world import World


@pytest.fixture
def world() -> World:
    world = World()
    world.put_job()
    return world


@pytest.fixture
def controller(world: World) -> Controller:
    return Controller(world)


@pytest.fixture
def local_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalApi]:
    """An API server of canned answers, which the kubeconfig leads to."""
    with serving(tmp_path, monkeypatch) as found:
        yield found
