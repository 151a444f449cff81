"""A job of which nothing may be written, or that another installation keeps."""

from __future__ import annotations

import pytest

from program_user_info_operator.cluster.api_server import ApiError
from program_user_info_operator.reconcile.installation import Key
from tests.unit.operator.controller import Controller
from tests.unit.operator.rollout_stories import LOGIN, fleet, put
from tests.unit.operator.specs import CR

_GROUP_OF_A = CR["kafka"] | {"groupId": "a"}


def test_a_job_that_may_not_be_written_keeps_its_group() -> None:
    """It runs all the while: a rival with another table would take events from it."""
    world = fleet("a")
    controller = Controller(world)
    controller.start()
    world.put_job("a", parallelism=2)
    world.refuse["apply ProgramUserInfoJob/status"] = ApiError(403, "no")
    with pytest.raises(ApiError):
        controller.reconcile("a")
    world.refuse.clear()
    world.later(seconds=1)
    put(world, "b", "dev", kafka=_GROUP_OF_A, cassandra=LOGIN | {"table": "other"})
    controller.rest("b")
    assert world.state("b") == ("Stalled", "GroupShared")
    assert not world.deployments("b")


def test_a_job_out_of_sight_keeps_its_group() -> None:
    world = fleet("a")
    controller = Controller(world)
    controller.start()
    controller.index.step_aside(Key("ns", "a"))
    world.later(seconds=1)
    put(world, "b", "dev", kafka=_GROUP_OF_A, cassandra=LOGIN | {"table": "other"})
    controller.rest("b")
    assert world.state("b") == ("Stalled", "GroupShared")


def test_a_job_that_was_handed_over_leaves_no_trace_in_the_metrics() -> None:
    world = fleet("a")
    controller = Controller(world)
    controller.start()
    assert Key("ns", "a") in controller.index.states()
    assert controller.secrets.in_use()
    world.annotate("a", controller="operator/other")
    controller.rest("a")
    assert Key("ns", "a") not in controller.index.states()
    assert not controller.secrets.in_use()
    Controller(world, installation="other").rest("a")
    assert Key("ns", "a") not in controller.index.states()


def test_a_job_that_may_be_written_again_counts_again() -> None:
    """Though nothing of its status has changed."""
    world = fleet("a")
    controller = Controller(world)
    controller.start()
    world.put_job("a", parallelism=2)
    world.refuse["apply ProgramUserInfoJob/status"] = ApiError(403, "no")
    with pytest.raises(ApiError):
        controller.reconcile("a")
    assert controller.index.states() == {}
    world.refuse.clear()
    world.listeners.clear()
    world.put_job("a", parallelism=1)
    controller.rest("a")
    assert Key("ns", "a") in controller.index.states()
