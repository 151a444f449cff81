"""A release goes from job to job, each after the last is good; edits do not wait for it."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.rollout.standings import Waves
from tests.unit.operator.controller import SOAK, Controller
from tests.unit.operator.rollout_stories import (
    NEW,
    OLD,
    WAVES,
    fleet,
    image,
    pass_by,
    release,
    staging_and_production,
)
from tests.unit.operator.world import World


@pytest.fixture
def world() -> World:
    return staging_and_production()


def test_a_release_goes_from_job_to_job_each_after_the_last_is_good(world: World) -> None:
    controller = release(world)
    assert (image(world, "staging"), image(world, "production")) == (NEW, OLD)
    assert "release 2.0 waits since" in world.message("production")
    assert "for ns/staging" in world.message("production")
    world.flink_runs("staging")
    pass_by(controller, seconds=1)
    assert image(world, "production") == OLD
    pass_by(controller, seconds=SOAK.total_seconds())
    assert world.outcomes("staging")[-1] == (2, "Release", "Stable")
    assert image(world, "production") == NEW
    controller.settle("production")
    assert (world.stage("staging"), world.stage("production")) == ("Good", "Good")


def test_a_restarted_controller_goes_on_with_the_rollout(world: World) -> None:
    release(world)
    second = release(world)
    pass_by(second, seconds=1)
    assert (image(world, "staging"), image(world, "production")) == (NEW, OLD)


@pytest.mark.parametrize("same_upgrade", [False, True])
def test_a_typo_in_stagings_profile_does_not_let_production_go_first(
    world: World, same_upgrade: bool
) -> None:
    if not same_upgrade:
        world.put_profile("kafka: {topic: a b}", "staging")
        Controller(world).reconcile("staging")
    else:
        world.put_profile("kafka: {topic: a b}", "staging")
        world.put_profile("parallelism: 3", "production")
    controller = release(world)
    assert world.state("staging") == ("Stalled", "ProfileInvalid")
    assert image(world, "production") == OLD
    assert "for ns/staging (ProfileInvalid) of environment staging" in world.message("production")
    world.put_profile("parallelism: 2", "staging")
    controller.settle("staging")
    controller.settle("production")
    assert (image(world, "staging"), image(world, "production")) == (NEW, NEW)


def test_a_release_and_a_profile_of_one_upgrade_are_one_revision(world: World) -> None:
    """The profiles change a moment before the controller does, and name their release."""
    old, new = (f"v1_20=image:{each} v2_2=image:{each}-flink2.2" for each in ("1.0", "2.0"))
    world.put_profile("parallelism: 3", "staging", bundle=new)
    first = Controller(world, waves=WAVES)
    first.rest("staging")
    assert world.deployment("staging")["spec"]["job"]["parallelism"] == 2
    assert "the profiles are of another release" in world.message("staging")
    assert new in world.message("staging")
    release(world)
    spec = world.deployment("staging")["spec"]
    assert (spec["image"], spec["job"]["parallelism"]) == (NEW, 3)
    assert [number for number, *_ in world.outcomes("staging")] == [1, 2]
    assert old != new


def test_where_flink_hangs_what_is_asked_for_is_applied_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = release(world)
    world.flink_runs("staging")

    def hang(*_: Any) -> str:
        raise AssertionError("Flink was asked before the writes were done")

    world.put_job("staging", state="suspended")
    with monkeypatch.context() as patched:
        patched.setattr(world, "get_from_service", hang)
        writes = controller.reconcile("staging")
    assert "apply FlinkDeployment" in writes
    assert world.deployment("staging")["spec"]["job"]["state"] == "suspended"


def test_a_rollout_begins_though_flink_answers_nobody(world: World) -> None:
    world.flink_answers = False
    release(world)
    assert image(world, "staging") == NEW


def test_a_suspended_job_takes_nothing_up_and_keeps_its_place(world: World) -> None:
    world.put_job("staging", state="suspended")
    controller = Controller(world)
    controller.reconcile("staging")
    world.flink_runs("staging")
    controller.rest("staging")
    controller = release(world)
    assert (image(world, "staging"), image(world, "production")) == (OLD, OLD)
    assert "for ns/staging (Suspended)" in world.message("production")
    world.put_job("staging", state="running")
    controller.rest("staging")
    assert image(world, "staging") == NEW


def test_an_edit_goes_at_once_while_the_job_waits() -> None:
    world = fleet(*"ab")
    controller = Controller(world, "2.0")
    controller.start()
    world.put_job("b", restartNonce=4)
    controller.rest("b")
    spec = world.deployment("b")["spec"]
    assert (spec["image"], spec["restartNonce"]) == (OLD, 4)
    assert world.outcomes("b")[-1] == (2, "Spec", "Pending")
    assert "release 2.0 waits" in world.message("b")


def test_a_paused_job_is_left_as_it_is_and_says_so() -> None:
    world = fleet(*"ab")
    world.annotate("a", paused="true")
    before = world.deployment("a")["spec"]
    controller = Controller(world, "2.0")
    controller.start()
    world.put_job("a", parallelism=7)
    controller.rest("a")
    assert world.deployment("a")["spec"] == before
    assert "lern.sunbird.org/paused is set" in world.message("a")
    assert world.state("a") == ("Ready", "Running")
    world.annotate("a", paused=None)
    controller.rest("a")
    assert world.deployment("a")["spec"]["job"]["parallelism"] == 7


def test_while_rollouts_are_paused_edits_go_on() -> None:
    world = fleet("a")
    controller = Controller(world, "2.0", Waves(1, (), paused=True))
    controller.start()
    assert image(world, "a") == OLD
    assert "rollouts are paused" in world.message("a")
    world.put_job("a", parallelism=7)
    controller.rest("a")
    assert world.deployment("a")["spec"]["job"]["parallelism"] == 7
    assert image(world, "a") == OLD
