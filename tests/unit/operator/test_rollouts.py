"""A bad week: what must not happen to jobs when a release, a profile or a job goes wrong.

The order of the environments is staging, then production, one job at a time.
"""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.cluster.api_server import ApiError
from program_user_info_operator.rollout.standings import Waves
from tests.unit.operator.specs import CR
from tests.unit.operator.world import SOAK, Controller, World

WAVES = Waves(1, ("staging", "production"))
UPGRADE = {"deadline": "5min"}
LOGIN = {"contactPoints": ["c:9042"], "credentials": {"secretName": "login"}}
OLD, NEW = "image:1.0", "image:2.0"


def image(world: World, name: str) -> str:
    text: str = world.deployment(name)["spec"]["image"]
    return text


def put(world: World, name: str, environment: str, **fields: Any) -> None:
    world.put_job(name, **({"environment": environment, "upgrade": UPGRADE} | fields))


@pytest.fixture
def world() -> World:
    """One job of each environment, good with release 1.0."""
    world = World()
    world.put_secret("login", "username", "password")
    for environment in ("staging", "production"):
        world.put_profile("parallelism: 2", environment)
        put(world, environment, environment, cassandra=LOGIN)
        first = Controller(world, waves=WAVES)
        first.settle(environment)
        first.stop()
    return world


def release(world: World, version: str = "2.0", **options: Any) -> Controller:
    """The next controller, which has looked at every job."""
    for index in list(world.listeners):
        world.listeners.remove(index)
    controller = Controller(world, version, options.pop("waves", WAVES), **options)
    controller.start()
    return controller


def pass_by(controller: Controller, **duration: float) -> None:
    """Time passes, and everything is looked at."""
    controller.world.later(**duration)
    controller.rest("staging", "production")


def fail_in_staging(world: World) -> Controller:
    """The release has failed in staging, which is back on the old one."""
    controller = release(world)
    world.flink_runs("staging", state="FAILED", error="no")
    pass_by(controller, seconds=1)
    pass_by(controller, minutes=6)
    assert world.state("staging") == ("Stalled", "UpgradeRolledBack")
    assert image(world, "staging") == OLD
    return controller


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


def restart(world: World) -> None:
    world.put_job("staging", restartNonce=1)


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


def fleet(*names: str, **fields: Any) -> World:
    """Jobs of one environment, good with release 1.0."""
    world = World()
    world.put_secret("login", "username", "password")
    world.put_profile("parallelism: 2")
    for name in names:
        put(world, name, "dev", cassandra=LOGIN, **fields)
        controller = Controller(world)
        controller.settle(name)
        controller.stop()
    return world


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


def test_the_first_of_two_installations_keeps_the_job() -> None:
    world = fleet("a")
    lease = {
        "holderIdentity": "pod",
        "leaseDurationSeconds": 10,
        "renewTime": "2026-01-01T00:00:31Z",
    }
    metadata = {"name": "controller", "namespace": "operator"}
    world.put({"kind": "Lease", "metadata": metadata, "spec": lease})
    other = Controller(world, "2.0", installation="other")
    assert other.reconcile("a") == ["create Event KeptByAnother"]
    assert other.reconcile("a") == []
    assert other.recheck is not None
    assert image(world, "a") == OLD
    world.later(hours=1)
    assert other.reconcile("a") != []
    assert image(world, "a") == NEW


def test_a_job_is_handed_over_by_its_annotation() -> None:
    world = fleet("a")
    lease = {
        "holderIdentity": "pod",
        "leaseDurationSeconds": 10,
        "renewTime": "2026-01-01T00:00:31Z",
    }
    metadata = {"name": "controller", "namespace": "operator"}
    world.put({"kind": "Lease", "metadata": metadata, "spec": lease})
    world.annotate("a", controller="operator/other")
    first, other = Controller(world), Controller(world, "2.0", installation="other")
    assert first.reconcile("a") == ["create Event KeptByAnother"]
    assert "apply FlinkDeployment" in other.reconcile("a")
    assert world.job("a")["status"]["controller"] == "operator/other"


def test_two_jobs_of_one_group_with_different_tables_are_refused() -> None:
    world = fleet("a")
    kafka = CR["kafka"] | {"groupId": "a"}
    world.later(seconds=1)
    put(world, "b", "dev", kafka=kafka, cassandra=LOGIN | {"table": "other"})
    controller = Controller(world)
    controller.start()
    assert world.state("b") == ("Stalled", "GroupShared")
    assert "a is also the group of ns/a" in world.message("b")
    assert not world.deployments("b")
    assert world.state("a") == ("Ready", "Running")
    put(world, "b", "dev", kafka=kafka | {"groupId": "b"})
    assert "apply FlinkDeployment" in controller.reconcile("b")


@pytest.mark.parametrize(
    "fields",
    [
        {"kafka": CR["kafka"] | {"groupId": "a"}},
        {
            "kafka": {"bootstrapServers": ["other:9092"], "groupId": "a"},
            "cassandra": {"table": "t"},
        },
        {"kafka": CR["kafka"] | {"groupId": "a", "topic": "t"}, "cassandra": {"table": "t"}},
    ],
    ids=["one table", "other brokers", "other topics"],
)
def test_a_group_may_be_shared_where_nothing_is_missed(fields: dict[str, Any]) -> None:
    world = fleet("a")
    put(world, "b", "dev", **(fields | {"cassandra": LOGIN | fields.get("cassandra", {})}))
    assert "apply FlinkDeployment" in Controller(world).reconcile("b")
