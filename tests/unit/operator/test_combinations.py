"""What goes wrong in combination: late recoveries, edits in the middle, jobs that never began."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from program_user_info_operator.api.status import JobStatus
from program_user_info_operator.cli.command_job import running_revision
from program_user_info_operator.cluster.api_server import ApiError
from program_user_info_operator.rollout.standings import Key, Waves
from tests.unit.operator.controller import SOAK, Controller
from tests.unit.operator.stories import IN_PLACE, PATIENT, images, running
from tests.unit.operator.world import World

TYPO = {"contactPoints": ["c:9042"], "credentials": {"secretName": "typo"}}
ORDER = Waves(1, ("staging", "production"))


def fleet() -> World:
    """Two jobs that are good with release 1.0."""
    world = World()
    for name, environment in (("s1", "staging"), ("p1", "production")):
        world.put_job(name, environment=environment, upgrade=PATIENT)
    controller = Controller(world, "1.0", ORDER)
    for name in ("s1", "p1"):
        controller.settle(name)
    controller.stop()
    return world


def rolled_back_in_production() -> tuple[World, Controller]:
    """Release 2.0 is good in staging, and was given up in production."""
    world = fleet()
    controller = Controller(world, "2.0", ORDER)
    controller.settle("s1")
    controller.rest("p1")
    world.flink_runs("p1", "FAILED", "no")
    controller.rest("p1")
    world.later(minutes=6)
    controller.rest("p1")
    return world, controller


def healed() -> tuple[World, Controller]:
    """A first revision that failed while Kafka was down, and runs since."""
    world = World()
    world.put_job(upgrade=PATIENT)
    controller = Controller(world)
    controller.rest()
    world.flink_runs(state="RECONCILING", error="no")
    controller.rest()
    world.later(minutes=6)
    controller.rest()
    assert world.job()["status"]["revisions"][-1]["outcome"] == "Failed"
    world.flink_runs()
    controller.rest()
    return world, controller


def test_a_revision_that_runs_after_its_deadline_becomes_good_by_itself() -> None:
    world, controller = healed()
    assert controller.recheck is not None
    for _ in range(10):
        if controller.recheck is None:
            break
        world.later(seconds=controller.recheck.total_seconds())
        controller.rest()
    assert world.job()["status"]["lastGoodRevision"] == 1
    world.put_job(image="bad")
    controller.rest()
    assert images(world) == ["image:1.0", "bad"]


def test_an_edit_of_a_job_that_was_rolled_back_takes_no_other_release_out_of_turn() -> None:
    world, controller = rolled_back_in_production()
    controller.stop()
    controller = Controller(world, "3.0", Waves(1, ORDER.environments, paused=True))
    controller.rest("s1", "p1")
    world.put_job("p1", restartNonce=1)
    controller.rest("p1")
    assert "image:3.0" not in [each["spec"]["image"] for each in world.deployments("p1")]


def test_an_edit_of_a_job_that_was_rolled_back_tries_the_same_release_again() -> None:
    world, controller = rolled_back_in_production()
    world.put_job("p1", restartNonce=1)
    controller.rest("p1")
    assert "image:2.0" in [each["spec"]["image"] for each in world.deployments("p1")]


@pytest.mark.parametrize(
    "fields",
    [
        {"parallelism": "two"},
        {"cassandra": TYPO},
    ],
    ids=["invalid", "without its Secret"],
)
def test_a_job_that_never_began_holds_up_others_no_longer_than_its_deadline(
    fields: dict[str, Any],
) -> None:
    world = fleet()
    world.put_job("s2", environment="staging", upgrade=PATIENT, **fields)
    controller = Controller(world, "2.0", ORDER)
    controller.start()
    controller.settle("s1")
    controller.rest("s2", "p1")
    assert world.deployments("p1")[-1]["spec"]["image"] == "image:1.0"
    world.later(hours=10)
    controller.rest("s1", "s2", "p1")
    assert world.deployments("p1")[-1]["spec"]["image"] == "image:2.0"


def test_a_job_that_never_began_is_looked_at_when_its_deadline_is_over() -> None:
    world = World()
    world.put_job(upgrade=PATIENT, cassandra=TYPO)
    controller = Controller(world)
    controller.rest()
    assert controller.recheck is not None
    assert controller.recheck <= timedelta(minutes=5)


def replaced_after_an_overlap() -> tuple[World, Controller]:
    """The FlinkDeployment that has one revision's name runs the next one."""
    world, controller = running()
    world.put_job(parallelism=2)
    controller.settle()
    world.put_job(upgrade=IN_PLACE, parallelism=3)
    controller.settle()
    return world, controller


def test_a_command_has_the_configuration_of_what_runs() -> None:
    world, _ = replaced_after_an_overlap()
    status = JobStatus.model_validate(world.job()["status"])
    live = world.deployment()["metadata"]["labels"]["lern.sunbird.org/revision"]
    assert running_revision(status) == live


def test_a_revision_whose_name_is_taken_overlaps_all_the_same() -> None:
    world, controller = replaced_after_an_overlap()
    world.put_job(upgrade=PATIENT, parallelism=2)
    controller.rest()
    assert [each["spec"]["job"]["parallelism"] for each in world.deployments()] == [3, 2]
    controller.settle()
    assert [each["spec"]["job"]["parallelism"] for each in world.deployments()] == [2]


@pytest.mark.parametrize("change", [IN_PLACE, PATIENT | {"rollback": False}])
def test_the_good_revision_stays_whatever_is_changed_while_another_proves_itself(
    change: dict[str, Any],
) -> None:
    world, controller = running()
    world.put_job(image="bad")
    controller.rest()
    world.put_job(upgrade=change)
    controller.rest()
    assert images(world) == ["image:1.0", "bad"]
    world.flink_runs(state="FAILED", error="no")
    controller.rest()
    world.later(minutes=6)
    controller.rest()
    assert images(world) == ["image:1.0"]


def test_where_flink_does_not_answer_the_job_is_looked_at_ever_less_often() -> None:
    world = World()
    world.put_job(upgrade=PATIENT)
    controller = Controller(world)
    controller.rest()
    world.flink_runs()
    world.flink_answers = False
    controller.rest()
    world.later(seconds=SOAK.total_seconds())
    looks = 0
    for _ in range(200):
        controller.rest()
        if controller.recheck is None or world.job()["status"]["revisions"][-1]["outcome"] != (
            "Pending"
        ):
            break
        looks += 1
        world.later(seconds=controller.recheck.total_seconds())
    assert looks < 40


def two_that_are_good() -> tuple[World, Controller]:
    """Two jobs of one environment, of which one at a time gets a change."""
    world = World()
    for name in ("a", "b"):
        world.put_job(name, upgrade=PATIENT)
    controller = Controller(world, waves=Waves(1, ()))
    for name in ("a", "b"):
        controller.settle(name)
    return world, controller


def test_a_job_that_may_not_be_written_takes_nobodys_turn() -> None:
    world, controller = two_that_are_good()
    world.put_profile("parallelism: 2")
    world.refuse = {"apply ProgramUserInfoJob": ApiError(403, "forbidden")}
    with pytest.raises(ApiError):
        controller.reconcile("a")
    world.refuse = {}
    controller.rest("b")
    assert [each["spec"]["job"]["parallelism"] for each in world.deployments("b")] == [1, 2]


def test_the_turn_of_a_job_that_is_out_of_sight_is_another_ones() -> None:
    world, controller = two_that_are_good()
    turns: list[None] = []
    controller.index.connect(lambda _: None, lambda: turns.append(None))
    world.put_profile("parallelism: 2")
    world.refuse = {"apply ProgramUserInfoJob": ApiError(500, "it may have been written")}
    with pytest.raises(ApiError):
        controller.reconcile("a")
    world.refuse = {}
    controller.rest("b")
    assert "waits" in world.message("b")
    turns.clear()
    controller.index.remove(Key("ns", "a"))
    assert turns
    controller.rest("b")
    assert [each["spec"]["job"]["parallelism"] for each in world.deployments("b")] == [1, 2]
