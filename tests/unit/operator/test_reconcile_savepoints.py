"""State and savepoints of a job, as the FlinkDeployment asks for them."""

from __future__ import annotations

from tests.unit.operator.controller import Controller
from tests.unit.operator.world import World


def test_a_job_is_deployed_anew_from_a_savepoint(world: World, controller: Controller) -> None:
    world.put_job(checkpoints={"storage": "s3://b/p"})
    controller.settle()
    world.put_job(savepoint={"restoreFrom": "s3://b/p/savepoint-1", "redeployNonce": 1})
    assert "delete FlinkDeployment" in controller.reconcile()
    assert "apply FlinkDeployment" in controller.reconcile()
    job = world.deployment()["spec"]["job"]
    assert job["initialSavepointPath"] == "s3://b/p/savepoint-1"
    assert "delete FlinkDeployment" not in controller.reconcile()


def test_state_is_kept_from_the_second_upgrade_on(world: World, controller: Controller) -> None:
    """The old pods do not know the storage: what they are asked to leave there would never come."""
    controller.settle()
    world.put_job(checkpoints={"storage": "claim:c"}, upgrade={"mode": "savepoint"})
    controller.reconcile()
    assert world.deployment()["spec"]["job"]["upgradeMode"] == "stateless"
    assert controller.reconcile() == []
    world.flink_runs()
    controller.reconcile()
    assert world.deployment()["spec"]["job"]["upgradeMode"] == "savepoint"
    world.flink_runs()
    controller.settle()
    assert world.outcomes()[-1] == (2, "Spec", "Stable")
    world.put_job(restartNonce=1)
    controller.reconcile()
    assert world.deployment()["spec"]["job"]["upgradeMode"] == "savepoint"
    world.put_job(checkpoints={"storage": "claim:other"})
    controller.reconcile()
    assert world.deployment()["spec"]["job"]["upgradeMode"] == "stateless"


def test_a_savepoint_is_triggered_without_another_revision(
    world: World, controller: Controller
) -> None:
    world.put_job(checkpoints={"storage": "s3://b/p"})
    controller.settle()
    world.put_job(savepoint={"triggerNonce": 3})
    assert "apply FlinkDeployment" in controller.reconcile()
    assert world.deployment()["spec"]["job"]["savepointTriggerNonce"] == 3
    assert len(world.outcomes()) == 1
