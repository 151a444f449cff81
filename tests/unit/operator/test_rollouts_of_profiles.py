"""Profiles and Secrets go in waves too, and one that vanishes rolls nobody."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.rollout.standings import Waves
from tests.unit.operator.controller import Controller
from tests.unit.operator.rollout_stories import (
    fail,
    fleet,
    pass_by,
    put,
    release,
    staging_and_production,
)
from tests.unit.operator.world import World


@pytest.fixture
def world() -> World:
    return staging_and_production()


@pytest.mark.parametrize("vanished", ["the ConfigMap", "the key"])
def test_a_profile_that_vanishes_rolls_nobody(world: World, vanished: str) -> None:
    before = {name: world.deployment(name)["spec"] for name in ("staging", "production")}
    if vanished == "the ConfigMap":
        world.remove("ConfigMap", "profiles", "operator")
    else:
        del world.objects["ConfigMap", "operator", "profiles"]["data"]["staging"]
    controller = release(world, "1.0")
    pass_by(controller, hours=1)
    assert world.state("staging") == ("Stalled", "ProfileMissing")
    assert "add environments.staging" in world.message("staging")
    assert before == {name: world.deployment(name)["spec"] for name in before}


def test_a_profile_that_is_gone_keeps_nobody_from_suspending(world: World) -> None:
    world.remove("ConfigMap", "profiles", "operator")
    world.put_job("staging", state="suspended")
    Controller(world).reconcile("staging")
    assert world.deployment("staging")["spec"]["job"]["state"] == "suspended"
    assert world.state("staging") == ("Stalled", "ProfileMissing")


def test_a_typo_in_the_environment_is_no_environment_without_a_profile(world: World) -> None:
    put(world, "typo", "stagign")
    Controller(world).reconcile("typo")
    assert world.state("typo") == ("Stalled", "ProfileMissing")
    assert "there are: production, staging" in world.message("typo")
    assert not world.deployments("typo")


def test_without_any_profile_a_job_may_say_everything_itself() -> None:
    world = World()
    world.put_job()
    Controller(world).settle()
    assert world.state() == ("Ready", "Running")


def change_profile(world: World) -> None:
    world.put_profile("parallelism: 3")


def change_secret(world: World) -> None:
    world.put_secret("login", "username", "password", value="b3RoZXI=")


@pytest.mark.parametrize(
    ("change", "cause"), [(change_profile, "Profile"), (change_secret, "Secret")]
)
def test_profiles_and_secrets_roll_in_waves(change: Any, cause: str) -> None:
    world = fleet(*"abc")
    controller = Controller(world, waves=Waves(2, ()))
    change(world)
    controller.start()
    assert [len(world.outcomes(name)) for name in "abc"] == [2, 2, 1]
    assert f"the changed {cause.replace('P', 'p')} waits" in world.message("c")
    controller.settle("a")
    assert world.outcomes("a")[-1] == (2, cause, "Stable")
    controller.rest("c")
    assert world.outcomes("c")[-1] == (2, cause, "Pending")


def test_a_profile_with_a_wrong_broker_stops_at_its_first_job() -> None:
    world = fleet(*"abc")
    controller = Controller(world)
    before = {name: world.deployment(name)["spec"] for name in "abc"}
    world.put_profile("{parallelism: 2, kafka: {topic: wrong}}")
    controller.start()
    world.flink_runs("a", state="RECONCILING", error="KafkaUnreachable")
    controller.rest(*"abc")
    world.later(minutes=6)
    controller.rest(*"abc")
    assert world.state("a") == ("Stalled", "UpgradeRolledBack")
    assert {name: world.deployment(name)["spec"] for name in "abc"} == before
    assert "the changed profile is halted" in world.message("b")
    world.put_profile("{parallelism: 2, kafka: {topic: right}}")
    controller.start()
    controller.settle("a")
    assert world.state("a") == ("Ready", "Running")
    controller.settle("b")
    assert world.outcomes("b")[-1] == (2, "Profile", "Stable")


def test_a_touched_secret_restarts_nobody() -> None:
    world = fleet("a")
    world.put_secret("login", "username", "password", "another-key")
    controller = Controller(world)
    controller.start()
    controller.rest("a")
    assert len(world.outcomes("a")) == 1


def test_no_value_of_a_secret_nor_a_plain_hash_of_one_is_stored() -> None:
    world = fleet("a")
    other = fleet("a")
    digests = [each.job("a")["status"]["revisions"][-1]["secrets"] for each in (world, other)]
    assert digests[0] != digests[1]
    kept = [each for place, each in world.objects.items() if place[0] != "Secret"]
    assert "c2VjcmV0" not in str(kept)


def test_an_edit_that_fails_halts_no_profile_that_makes_no_difference_to_it() -> None:
    world = fleet(*"ab")
    controller = Controller(world)
    world.put_profile("parallelism: 3")
    controller.rest("b")
    world.put_job("a", parallelism=4, image="bad")
    controller.rest("a")
    world.flink_runs("a", state="FAILED", error="no")
    controller.rest("a")
    world.later(minutes=6)
    controller.rest("a")
    assert world.state("a") == ("Stalled", "UpgradeRolledBack")
    assert world.stage("a", "Profile") == "Waiting"


def test_an_edit_begins_nothing_that_was_another_jobs_turn() -> None:
    """Though what the platform changed makes no difference to it, and it was never good with it."""
    world = fleet(*"ab")
    world.put_job("a", parallelism=2, restartNonce=1)
    controller = Controller(world)
    controller.rest("a")
    world.put_profile("parallelism: 3")
    controller.rest("a", "b")
    assert world.stage("b", "Profile") == "InFlight"
    world.put_job("a", restartNonce=2)
    controller.rest("a")
    assert world.outcomes("a")[-1] == (3, "Spec", "Pending")
    assert world.stage("a", "Profile") == "Waiting"
    assert not world.job("a")["status"]["rollout"]["proving"]
    controller.settle("a")
    assert world.stage("a", "Profile") == "Good"


def test_what_is_taken_back_begins_nothing_that_was_another_jobs_turn() -> None:
    """An edit fails, and what the platform changes meanwhile makes no difference to the old one."""
    world = fleet(*"ab", parallelism=2)
    world.put_job("b", parallelism=None)
    controller = Controller(world)
    controller.settle("b")
    world.put_job("a", image="bad")
    fail(world, controller, "a")
    world.put_profile("parallelism: 3")
    controller.rest("b", "a")
    assert world.stage("b", "Profile") == "InFlight"
    world.put_job("a", image=None)
    controller.rest("a")
    assert world.stage("a", "Profile") == "Waiting"
    assert not world.job("a")["status"]["rollout"]["proving"]
    controller.settle("a")
    assert world.stage("a", "Profile") == "Good"
