"""What halts a release, what does not end the halt, and what does."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.cluster.api_server import ApiError
from tests.unit.operator.controller import SOAK, Controller
from tests.unit.operator.rollout_stories import (
    LOGIN,
    NEW,
    OLD,
    UPGRADE,
    WAVES,
    fail_in_staging,
    image,
    pass_by,
    put,
    release,
    restart,
    staging_and_production,
)
from tests.unit.operator.world import World


@pytest.fixture
def world() -> World:
    return staging_and_production()


@pytest.mark.parametrize("what", ["edit", "secret"])
def test_an_edit_or_a_secret_in_mid_flight_does_not_let_production_go(
    world: World, what: str
) -> None:
    controller = release(world)
    world.flink_runs("staging", state="FAILED", error="no")
    pass_by(controller, minutes=1)
    if what == "edit":
        world.put_job("staging", parallelism=3)
    else:
        world.put_secret("login", "username", "password", value="b3RoZXI=")
    pass_by(controller, seconds=1)
    assert world.stage("staging") == "InFlight"
    assert image(world, "production") == OLD
    world.flink_runs("staging", state="FAILED", error="no")
    pass_by(controller, seconds=1)
    pass_by(controller, minutes=6)
    assert world.state("staging") == ("Stalled", "UpgradeRolledBack")
    assert world.stage("staging") == "Failed"
    assert image(world, "production") == OLD
    assert "is halted since" in world.message("production")
    assert "it failed on ns/staging" in world.message("production")


def suspend(world: World) -> None:
    world.put_job("staging", state="suspended")


def lose_secret(world: World) -> None:
    world.remove("Secret", "login")


def lose_profile(world: World) -> None:
    world.put_profile("kafka: {topic: a b}", "staging")


@pytest.mark.parametrize("what", [suspend, lose_secret, restart, lose_profile])
def test_a_halt_stays_whatever_happens_to_the_failed_job(world: World, what: Any) -> None:
    controller = fail_in_staging(world)
    what(world)
    pass_by(controller, seconds=1)
    pass_by(controller, hours=1)
    assert world.stage("staging") in ("Failed", "Retrying")
    assert image(world, "production") == OLD
    again = release(world)
    pass_by(again, hours=1)
    assert image(world, "production") == OLD


def pin(world: World) -> None:
    world.put_job("staging", image=OLD)


def stop_following(world: World) -> None:
    world.put_job("staging", upgrade={"automatic": False})


def delete(world: World) -> None:
    world.remove("ProgramUserInfoJob", "staging")


@pytest.mark.parametrize("what", [pin, stop_following, delete])
def test_a_halt_ends_when_the_failed_job_is_pinned_or_deleted(world: World, what: Any) -> None:
    controller = fail_in_staging(world)
    what(world)
    controller.rest("staging")
    controller.reconcile("production")
    assert image(world, "production") == NEW
    if what is not delete:
        assert image(world, "staging") == OLD


def test_a_halt_ends_when_the_release_is_good_on_the_failed_job_after_all(world: World) -> None:
    controller = fail_in_staging(world)
    restart(world)
    controller.rest("staging")
    assert (image(world, "staging"), world.stage("staging")) == (NEW, "Retrying")
    assert world.outcomes("staging")[-1] == (3, "Spec", "Pending")
    controller.settle("staging")
    controller.reconcile("production")
    assert image(world, "production") == NEW


def test_another_release_goes_to_the_failed_job_first(world: World) -> None:
    fail_in_staging(world)
    controller = release(world, "3.0")
    assert (image(world, "staging"), image(world, "production")) == ("image:3.0", OLD)
    controller.settle("staging")
    controller.settle("production")
    assert image(world, "production") == "image:3.0"


def test_a_chart_that_is_rolled_back_ends_a_halt_without_a_restart(world: World) -> None:
    fail_in_staging(world)
    before = world.deployment("staging")["metadata"]["name"]
    controller = release(world, "1.0")
    controller.settle("staging")
    assert world.state("staging") == ("Ready", "Running")
    assert world.deployment("staging")["metadata"]["name"] == before
    assert world.state("production") == ("Ready", "Running")


def test_a_job_that_flaps_for_hours_is_rolled_back_at_its_deadline(world: World) -> None:
    controller = release(world)
    for _ in range(20):
        world.flink_runs("staging")
        pass_by(controller, seconds=25)
        if image(world, "staging") == OLD:
            break
        world.flink_runs("staging", state="RESTARTING")
        pass_by(controller, seconds=20)
    assert world.state("staging") == ("Stalled", "UpgradeRolledBack")
    assert image(world, "production") == OLD


def test_a_job_that_runs_without_a_checkpoint_is_rolled_back(world: World) -> None:
    controller = release(world)
    world.checkpoints = False
    world.flink_runs("staging")
    for _ in range(7):
        pass_by(controller, minutes=1)
    assert world.state("staging") == ("Stalled", "UpgradeRolledBack")
    assert "completes no checkpoints" in world.message("staging")


def test_an_apply_that_is_denied_stalls_the_job_and_frees_its_slot_at_the_deadline(
    world: World,
) -> None:
    for index in list(world.listeners):
        world.listeners.remove(index)
    controller = Controller(world, "2.0", WAVES)
    world.refuse["apply FlinkDeployment"] = ApiError(403, "exceeded quota: small")
    controller.rest("staging", "production")
    assert world.state("staging") == ("Stalled", "FlinkDeploymentDenied")
    assert "exceeded quota: small" in world.message("staging")
    controller.reconcile("staging")
    assert controller.recheck is not None
    pass_by(controller, minutes=6)
    assert world.state("staging") == ("Stalled", "UpgradeRolledBack")
    assert "exceeded quota: small" in world.message("staging")
    assert world.stage("staging") == "Failed"
    assert "it failed on ns/staging" in world.message("production")


@pytest.mark.parametrize("rollback", [True, False])
def test_a_job_that_was_never_good_holds_up_nobody_beyond_its_deadline(
    world: World, rollback: bool
) -> None:
    put(world, "broken", "staging", upgrade=UPGRADE | {"rollback": rollback})
    controller = release(world)
    world.flink_runs("broken", state="FAILED", error="no")
    controller.rest("broken")
    controller.settle("staging")
    controller.rest("production")
    assert image(world, "production") == OLD
    assert "ns/broken" in world.message("production")
    world.later(minutes=6)
    controller.rest("broken", "staging", "production")
    assert image(world, "production") == NEW
    assert world.state("broken") == ("Stalled", "JobFailing")


def test_a_good_job_that_may_not_go_back_halts_the_release_at_its_deadline(world: World) -> None:
    world.put_job("staging", upgrade=UPGRADE | {"rollback": False})
    controller = release(world)
    world.flink_runs("staging", state="FAILED", error="no")
    pass_by(controller, seconds=1)
    pass_by(controller, minutes=6)
    assert world.outcomes("staging")[-1] == (2, "Release", "Failed")
    assert (image(world, "staging"), image(world, "production")) == (NEW, OLD)
    assert "it failed on ns/staging" in world.message("production")
    world.flink_runs("staging")
    pass_by(controller, seconds=1)
    pass_by(controller, seconds=SOAK.total_seconds())
    assert world.outcomes("staging")[-1] == (2, "Release", "Stable")
    assert image(world, "production") == NEW


def test_a_job_whose_own_image_is_named_no_more_waits_for_its_turn_with_the_release(
    world: World,
) -> None:
    put(world, "production", "production", cassandra=LOGIN, image="mine:9")
    controller = release(world, "1.0")
    controller.settle("production")
    controller.stop()
    controller = fail_in_staging(world)
    put(world, "production", "production", cassandra=LOGIN, image=None)
    controller.rest("production")
    assert image(world, "production") == "mine:9"
    assert "release 2.0 is halted" in world.message("production")
