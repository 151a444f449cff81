"""One reconciliation: its order, what it returns, and what it leaves where it fails.

What it makes of a job's story is in the scenarios (test_reconcile.py and the files beside it).
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from program_user_info_operator.cluster.api_server import ApiError
from program_user_info_operator.reconcile.installation import Key
from tests.unit.operator.controller import Controller
from tests.unit.operator.world import World

KEY = Key("ns", "job")


def test_a_revision_is_in_the_status_before_anything_of_it_is_written(
    controller: Controller,
) -> None:
    assert controller.reconcile() == [
        "apply ProgramUserInfoJob/status",
        "apply ConfigMap",
        "apply ConfigMap",
        "apply FlinkDeployment",
        "create Event Upgrading",
    ]


def test_at_rest_nothing_is_written_and_nothing_has_to_be_looked_at(
    controller: Controller,
) -> None:
    controller.settle()
    assert controller.reconcile() == []
    assert controller.recheck is None


def test_while_a_revision_proves_itself_the_end_of_its_soak_is_when_to_look_again(
    world: World, controller: Controller
) -> None:
    controller.rest()
    world.flink_runs()
    controller.rest()
    assert controller.recheck == timedelta(seconds=30)
    world.later(seconds=20)
    controller.reconcile()
    assert controller.recheck == timedelta(seconds=10)


def test_a_job_that_another_installation_keeps_is_looked_at_every_minute(
    world: World, controller: Controller
) -> None:
    world.annotate(controller="operator/other")
    assert controller.reconcile() == ["create Event KeptByAnother"]
    assert controller.recheck == timedelta(seconds=60)


def test_a_deletion_is_waited_for_in_steps_of_seconds(world: World, controller: Controller) -> None:
    world.put_job(upgrade={"strategy": "replace"})
    controller.settle()
    world.deployment()["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    controller.rest()
    assert world.state() == ("Reconciling", "Deleting")
    assert controller.recheck == timedelta(seconds=5)


@pytest.mark.parametrize(("status", "is_known"), [(403, False), (500, True), (0, True)])
def test_only_where_nothing_may_be_written_others_need_not_wait_for_the_job(
    world: World, controller: Controller, status: int, is_known: bool
) -> None:
    controller.settle()
    world.put_job(parallelism=2)
    world.refuse["apply ProgramUserInfoJob/status"] = ApiError(status, "no")
    assert KEY in controller.index.states()
    with pytest.raises(ApiError):
        controller.reconcile()
    assert (KEY in controller.index.states()) is is_known


def test_a_job_that_is_gone_is_forgotten_without_a_write(
    world: World, controller: Controller
) -> None:
    controller.settle()
    world.job()["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert controller.reconcile() == []
    assert controller.index.states() == {}
    assert controller.recheck is None
