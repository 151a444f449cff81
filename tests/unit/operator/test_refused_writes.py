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


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "Refused"), (403, "Denied"), (422, "Refused")]
)
def test_a_deletion_that_is_refused_is_told(status: int, reason: str) -> None:
    """Both revisions run meanwhile: to call that Ready would be wrong for ever."""
    world = World()
    world.put_job(upgrade={"deadline": "5min"})
    controller = Controller(world)
    controller.settle()
    world.refuse["delete FlinkDeployment"] = ApiError(status, "no deletions here")
    world.put_job(parallelism=2)
    controller.settle()
    assert world.state() == ("Stalled", f"FlinkDeployment{reason}")
    assert "the deletion of the FlinkDeployment" in world.message()
    assert controller.recheck == timedelta(seconds=30)
    world.refuse.clear()
    controller.rest()
    assert world.state() == ("Ready", "Running")
    assert len(world.deployments()) == 1


@pytest.mark.parametrize("status", [400, 403])
def test_a_config_map_that_may_not_be_deleted_holds_up_nothing(status: int) -> None:
    world = World()
    world.put_job(upgrade={"deadline": "5min"})
    controller = Controller(world)
    controller.settle()
    world.refuse["delete ConfigMap"] = ApiError(status, "no deletions here")
    for number in range(12):
        world.put_job(parallelism=number + 2)
        controller.settle()
    assert world.state() == ("Ready", "Running")
    world.put_job(parallelism=50)
    controller.rest()
    world.flink_runs(state="FAILED", error="out of memory")
    controller.rest()
    world.later(minutes=6)
    controller.rest()
    assert world.state() == ("Stalled", "UpgradeRolledBack")


@pytest.mark.parametrize(
    "error",
    [
        ApiError(413, "too large"),
        ApiError(500, "etcdserver: request is too large"),
        ApiError(500, "rpc error: trying to send message larger than max"),
    ],
    ids=str,
)
def test_an_object_that_is_too_large_is_refused_for_good(error: ApiError) -> None:
    world = World()
    world.put_job()
    world.refuse["apply FlinkDeployment"] = error
    controller = Controller(world)
    controller.rest()
    assert world.state() == ("Stalled", "FlinkDeploymentRefused")
