"""Objects that the API server refuses because of what is in them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from program_user_info_operator.cluster.api_server import ApiError
from tests.unit.operator.controller import Controller
from tests.unit.operator.world import World


@pytest.mark.parametrize("status", [400, 422])
def test_it_is_tried_again_because_no_watch_tells_that_the_cause_is_gone(status: int) -> None:
    """A newer Flink operator, or an admission policy that was corrected."""
    world = World()
    world.put_job()
    world.refuse["apply FlinkDeployment"] = ApiError(status, "no such field")
    controller = Controller(world)
    controller.rest()
    assert world.state() == ("Stalled", "FlinkDeploymentRefused")
    assert "admission policy" in world.message()
    assert controller.recheck == timedelta(seconds=30)
    world.later(hours=1)
    controller.rest()
    assert controller.recheck == timedelta(seconds=30)
    world.refuse.clear()
    assert "apply FlinkDeployment" in controller.reconcile()
