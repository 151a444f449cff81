"""What belongs to a job when it was changed, taken or deleted by somebody else."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from program_user_info_operator.cluster.api_server import JOB
from tests.unit.operator.controller import Controller
from tests.unit.operator.world import World

Object = dict[str, Any]


def test_a_deployment_that_is_being_deleted_is_waited_for(
    world: World, controller: Controller
) -> None:
    controller.reconcile()
    world.deployment()["metadata"]["deletionTimestamp"] = "now"
    assert controller.reconcile() == ["apply ProgramUserInfoJob/status"]
    assert controller.recheck is not None
    assert world.state() == ("Reconciling", "Deleting")


@pytest.mark.parametrize("lost", ["labels", "ownerReferences"])
def test_a_child_that_lost_its_label_or_owner_is_put_right(
    world: World, controller: Controller, lost: str
) -> None:
    controller.reconcile()
    before = copy.deepcopy(world.deployment())
    del world.deployment()["metadata"][lost]
    assert "apply FlinkDeployment" in controller.reconcile()
    for each in (before, world.deployment()):
        del each["metadata"]["resourceVersion"]
    assert world.deployment() == before


@pytest.mark.parametrize("owners", [[], [{"uid": "somebody"}]])
def test_a_deployment_of_somebody_else_is_left_alone(
    world: World, controller: Controller, owners: list[Object]
) -> None:
    world.put_job(upgrade={"strategy": "replace"})
    metadata = {"name": "job", "generation": 1, "ownerReferences": owners}
    world.put({"kind": "FlinkDeployment", "metadata": metadata, "spec": {}})
    assert "apply FlinkDeployment" not in controller.reconcile()
    assert world.state() == ("Stalled", "NameTaken")


@pytest.mark.parametrize("gone", [True, False])
def test_a_job_that_goes_or_is_gone_is_left_to_the_garbage_collector(
    world: World, controller: Controller, gone: bool
) -> None:
    if gone:
        del world.objects[JOB.name, "ns", "job"]
    else:
        world.job()["metadata"]["deletionTimestamp"] = "now"
    assert controller.reconcile() == []
