"""One job through its revisions: proven, good, failed, rolled back; and who gets a release."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.operator.controller import SOAK, Controller
from tests.unit.operator.stories import IN_PLACE, PATIENT, PAUSED, fail, images, running
from tests.unit.operator.world import World


def test_a_revision_is_good_once_it_has_run_for_the_soak_time() -> None:
    world = World()
    world.put_job()
    controller = Controller(world)
    controller.reconcile()
    world.flink_runs()
    controller.reconcile()
    assert world.outcomes() == [(1, "Created", "Pending")]
    assert world.state() == ("Ready", "Running")
    world.later(seconds=29)
    controller.reconcile()
    assert world.outcomes() == [(1, "Created", "Pending")]
    assert controller.recheck is not None
    assert controller.recheck.total_seconds() == 1
    world.later(seconds=1)
    controller.reconcile()
    assert world.outcomes() == [(1, "Created", "Stable")]
    assert world.job()["status"]["lastGoodRevision"] == 1


def test_a_soak_time_that_is_not_shorter_than_the_deadline_is_added_to_it() -> None:
    """Else no revision could ever be good, however well it runs."""
    world, controller = running(upgrade={"deadline": "20s"}, checkpoints={"interval": "5s"})
    world.put_job(parallelism=2)
    controller.rest()
    world.flink_runs()
    controller.rest()
    world.later(seconds=25)
    controller.rest()
    assert world.outcomes()[-1] == (2, "Spec", "Pending")
    world.later(seconds=6)
    controller.rest()
    assert world.outcomes()[-1] == (2, "Spec", "Stable")


def test_a_new_revision_proves_itself_while_the_old_one_writes() -> None:
    world, controller = running()
    world.put_job(parallelism=3)
    controller.rest()
    assert [each["spec"]["job"]["parallelism"] for each in world.deployments()] == [1, 3]
    assert world.state() == ("Reconciling", "Upgrading")
    assert "revision 2 is being proven beside revision 1, which still writes" in world.message()
    old, new = (each["metadata"]["name"] for each in world.deployments())
    assert world.job()["status"]["deployment"] == old
    world.flink_runs()
    controller.rest()
    assert world.state() == ("Reconciling", "Proving")
    assert world.job()["status"]["deployment"] == new
    world.later(seconds=SOAK.total_seconds())
    controller.rest()
    assert [each["metadata"]["name"] for each in world.deployments()] == [new]
    assert world.state() == ("Ready", "Running")
    assert world.outcomes()[-1] == (2, "Spec", "Stable")


def test_the_old_one_goes_after_the_status_says_that_the_new_one_is_good() -> None:
    world, controller = running()
    world.put_job(parallelism=3)
    controller.rest()
    world.flink_runs()
    controller.rest()
    world.later(seconds=SOAK.total_seconds())
    assert controller.reconcile() == ["apply ProgramUserInfoJob/status", "create Event Running"]
    assert controller.reconcile()[0] == "delete FlinkDeployment"


def test_a_shorter_soak_may_do_while_another_one_writes() -> None:
    world, controller = running(PATIENT | {"overlapSoak": "5s"})
    world.put_job(parallelism=3)
    controller.rest()
    world.flink_runs()
    controller.rest()
    world.later(seconds=5)
    controller.rest()
    assert world.outcomes()[-1] == (2, "Spec", "Stable")


def test_a_revision_that_fails_goes_and_the_old_one_was_never_touched() -> None:
    world, controller = running()
    (before,) = world.deployments()
    world.put_job(image="bad")
    fail(world, controller, "image bad cannot be pulled")
    assert world.deployments() == [before]
    assert world.state() == ("Stalled", "UpgradeRolledBack")
    assert "cannot be pulled" in world.message()
    assert "revision 1 (image:1.0) runs again" in world.message()
    assert world.outcomes() == [(1, "Created", "Stable"), (2, "Spec", "RolledBack")]
    assert controller.reconcile() == []


def test_why_it_failed_is_written_down_before_it_goes() -> None:
    world, controller = running()
    world.put_job(image="bad")
    controller.rest()
    world.flink_runs(state="RECONCILING", error="no")
    controller.rest()
    world.later(minutes=6)
    assert controller.reconcile() == [
        "apply ProgramUserInfoJob/status",
        "create Event UpgradeRolledBack",
    ]
    assert controller.reconcile()[0] == "delete FlinkDeployment"


def test_in_place_the_old_one_stops_first_and_comes_back() -> None:
    world, controller = running(IN_PLACE)
    world.put_job(image="bad")
    controller.rest()
    assert images(world) == ["bad"]
    fail(world, controller)
    assert images(world) == ["image:1.0"]
    assert world.state() == ("Stalled", "UpgradeRolledBack")
    world.flink_runs()
    controller.rest()
    assert world.state() == ("Stalled", "UpgradeRolledBack")


@pytest.mark.parametrize("upgrade", [PATIENT, IN_PLACE], ids=["overlap", "replace"])
@pytest.mark.parametrize("way_out", [{"image": None}, {"restartNonce": 1}, {"image": "good"}])
def test_a_rolled_back_job_leaves_that_state_by_a_change(
    upgrade: dict[str, Any], way_out: dict[str, Any]
) -> None:
    world, controller = running(upgrade)
    world.put_job(image="bad")
    fail(world, controller)
    world.flink_runs()
    world.put_job(**way_out)
    controller.settle()
    assert world.state() == ("Ready", "Running")
    assert world.outcomes()[-1] == (3, "Spec", "Stable")


def test_no_nonce_is_ever_taken_back_in_place() -> None:
    world, controller = running(IN_PLACE)
    world.put_job(image="bad", restartNonce=5)
    fail(world, controller)
    assert world.deployment()["spec"]["restartNonce"] == 5
    assert images(world) == ["image:1.0"]


@pytest.mark.parametrize(
    "upgrade", [PATIENT | {"rollback": False}, PATIENT], ids=["off", "no record"]
)
def test_without_a_way_back_an_overdue_revision_stalls_and_heals(upgrade: dict[str, Any]) -> None:
    world, controller = running(upgrade)
    if upgrade == PATIENT:
        for place in [each for each in world.objects if "-revision-" in each[2]]:
            del world.objects[place]
    world.put_job(image="bad")
    fail(world, controller, "pull")
    assert images(world) == ["bad"]
    assert world.outcomes()[-1][2] == "Failed"
    assert world.state()[0] == "Stalled"
    world.flink_runs()
    controller.rest()
    assert world.state() == ("Ready", "Running")
    world.later(seconds=SOAK.total_seconds())
    controller.rest()
    assert world.outcomes()[-1][2] == "Stable"


def test_a_job_that_breaks_while_it_is_proven_is_not_ready() -> None:
    world, controller = running(IN_PLACE)
    world.put_job(restartNonce=1)
    controller.rest()
    world.flink_runs()
    controller.rest()
    assert world.state() == ("Ready", "Running")
    world.later(seconds=10)
    world.flink_restarts()
    world.later(seconds=10)
    controller.rest()
    assert world.state() == ("Reconciling", "Proving")
    assert "has stopped 1 times" in world.message()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"upgrade": {"automatic": False}}, ["image:1.0"]),
        ({"version": "0.9"}, ["image:0.9-flink1.20"]),
        ({"image": "mine"}, ["mine"]),
        ({}, ["image:1.0", "image:2.0"]),
    ],
)
def test_who_gets_a_release(fields: dict[str, Any], expected: list[str]) -> None:
    world, _ = running(**fields)
    Controller(world, "2.0").rest()
    assert images(world) == expected


def test_a_pin_that_is_removed_lets_the_release_in() -> None:
    world, _ = running(version="0.9")
    world.put_job(version=None)
    waiting = Controller(world, "2.0", PAUSED)
    waiting.rest()
    assert images(world) == ["image:0.9-flink1.20"]
    Controller(world, "2.0").rest()
    assert images(world)[-1] == "image:2.0"


def test_a_status_of_a_newer_release_is_read() -> None:
    world, controller = running()
    status = world.job()["status"]
    status["colour"] = "blue"
    status["revisions"][0] |= {"cause": "Whim", "shade": 1}
    status["rollout"]["changes"].append(
        {"change": "Moon", "id": "x", "stage": "Full", "since": "2026-01-01T00:00:00Z"}
    )
    world.put_job(parallelism=2)
    controller.settle()
    assert world.state() == ("Ready", "Running")
    assert world.outcomes()[-1] == (2, "Spec", "Stable")
