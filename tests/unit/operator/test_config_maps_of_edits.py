"""ConfigMaps of a job that is edited again and again before any of it runs."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.revisions.history import KEPT_REVISIONS
from tests.unit.operator.controller import Controller
from tests.unit.operator.world import World


def _config_maps(world: World) -> set[str]:
    return {
        name for kind, namespace, name in world.objects if (kind, namespace) == ("ConfigMap", "ns")
    }


@pytest.mark.parametrize(
    "fields", [{}, {"state": "suspended"}, {"upgrade": {"strategy": "replace"}}]
)
def test_they_do_not_grow_without_bound(fields: dict[str, Any]) -> None:
    world = World()
    world.put_job(**fields)
    controller = Controller(world)
    controller.rest()
    for number in range(30):
        world.put_job(parallelism=number + 2)
        controller.rest()
    numbers = [each["number"] for each in world.job()["status"]["revisions"]]
    assert len(numbers) <= KEPT_REVISIONS
    # A record and a configuration for each revision in the status.
    assert len(_config_maps(world)) <= 2 * KEPT_REVISIONS


def test_those_of_the_good_revision_stay_meanwhile() -> None:
    world = World()
    world.put_job()
    controller = Controller(world)
    controller.settle()
    good = _config_maps(world)
    for number in range(30):
        world.put_job(parallelism=number + 2)
        controller.rest()
    assert good <= _config_maps(world)
