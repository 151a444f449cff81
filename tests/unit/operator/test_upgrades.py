"""Revisions, rollbacks and waves, in a world with a clock."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.policy.rollout import Entry, Stage, Turn, Waves, next_turn
from program_user_info_operator.reconcile.keys import Key
from tests.unit.operator.world import SOAK, Controller, World

DEADLINE = {"upgrade": {"deadline": "5min"}}


def running_world(*names: str, **fields: Any) -> World:
    """Jobs that have run release 1.0 long enough to count as good."""
    world = World()
    for name in names:
        world.put_job(name, **fields)
        Controller(world).settle(name)
    return world


def image(world: World, name: str = "job") -> str:
    text: str = world.deployment(name)["spec"]["image"]
    return text


def test_a_revision_is_good_once_it_has_run_for_the_soak_time() -> None:
    world = World()
    world.put_job()
    controller = Controller(world)
    controller.reconcile()
    world.flink_runs()
    controller.reconcile()
    assert world.outcomes() == [(1, "Created", "Pending")]
    assert controller.recheck == SOAK
    world.later(seconds=29)
    controller.reconcile()
    assert world.outcomes() == [(1, "Created", "Pending")]
    world.later(seconds=1)
    controller.reconcile()
    assert world.outcomes() == [(1, "Created", "Stable")]
    assert world.job()["status"]["lastGoodRevision"] == 1


@pytest.mark.parametrize(
    ("answer", "outcome"), [('{"latest": {"completed": null}}', "Pending"), ("", "Stable")]
)
def test_a_revision_without_a_checkpoint_is_not_good_if_flink_says_so(
    answer: str, outcome: str
) -> None:
    world = World()
    world.put_job()
    done = world.checkpoints
    world.checkpoints = answer
    controller = Controller(world)
    controller.settle()
    assert world.outcomes() == [(1, "Created", outcome)]
    world.checkpoints = done
    controller.reconcile()
    assert world.outcomes() == [(1, "Created", "Stable")]


def test_a_revision_that_misses_its_deadline_is_rolled_back() -> None:
    world = running_world("job", **DEADLINE)
    controller = Controller(world)
    world.put_job(image="bad")
    controller.reconcile()
    world.flink_runs(state="RECONCILING", error="image bad cannot be pulled")
    world.later(minutes=4)
    controller.reconcile()
    assert (image(world), world.state()) == ("bad", ("Reconciling", "JobFailing"))
    world.later(minutes=1)
    assert "apply FlinkDeployment" not in controller.reconcile()
    assert controller.recheck is not None
    assert controller.reconcile()[0] == "apply FlinkDeployment"
    assert image(world) == "image:1.0"
    assert world.state() == ("Stalled", "UpgradeRolledBack")
    assert "cannot be pulled" in world.message()
    assert "revision 1 (image:1.0) is back" in world.message()
    assert world.outcomes() == [(1, "Created", "Stable"), (2, "Spec", "RolledBack")]
    world.flink_runs()
    controller.reconcile()
    assert controller.reconcile() == []
    assert world.state() == ("Stalled", "UpgradeRolledBack")


@pytest.mark.parametrize("way_out", [{"image": None}, {"restartNonce": 1}, {"image": "good"}])
def test_a_rolled_back_job_leaves_that_state_by_a_change(way_out: dict[str, Any]) -> None:
    world = rolled_back_world()
    world.put_job(**way_out)
    Controller(world).settle()
    assert world.state() == ("Ready", "Running")
    assert world.outcomes()[-1] == (3, "Spec", "Stable")


def rolled_back_world() -> World:
    world = running_world("job", **DEADLINE)
    world.put_job(image="bad")
    Controller(world).reconcile()
    world.flink_runs(state="FAILED")
    world.later(minutes=6)
    Controller(world).reconcile()
    Controller(world).reconcile()
    world.flink_runs()
    assert world.state() == ("Stalled", "UpgradeRolledBack")
    return world


@pytest.mark.parametrize(
    "fields", [{"upgrade": {"deadline": "5min", "rollback": False}}, {}], ids=["off", "no record"]
)
def test_without_a_way_back_an_overdue_revision_stalls_and_heals(fields: dict[str, Any]) -> None:
    world = running_world("job", **(DEADLINE | fields))
    if not fields:
        for place in [each for each in world.objects if "-revision-" in each[2]]:
            del world.objects[place]
    world.put_job(image="bad")
    controller = Controller(world)
    controller.reconcile()
    world.flink_runs(state="RECONCILING", error="pull")
    world.later(minutes=6)
    controller.reconcile()
    assert (image(world), world.state()) == ("bad", ("Stalled", "JobFailing"))
    world.flink_runs()
    controller.reconcile()
    assert world.state() == ("Ready", "Running")


def test_the_deadline_runs_neither_while_suspended_nor_before_flink_has_looked() -> None:
    world = running_world("job", **DEADLINE)
    world.put_job(image="next", state="suspended")
    controller = Controller(world)
    controller.reconcile()
    world.later(hours=1)
    controller.reconcile()
    world.put_job(state="running")
    controller.reconcile()
    world.later(hours=1)
    controller.reconcile()
    assert image(world) == "next"
    assert world.outcomes()[-1] == (2, "Spec", "Pending")


def test_the_history_is_bounded_and_keeps_the_last_good_revision() -> None:
    world = running_world("job")
    controller = Controller(world)
    for nonce in range(1, 15):
        world.put_job(restartNonce=nonce)
        controller.reconcile()
    outcomes = world.outcomes()
    assert [number for number, _, _ in outcomes] == [1, *range(6, 16)]
    assert outcomes[0] == (1, "Created", "Stable")
    assert {outcome for _, _, outcome in outcomes[1:-1]} == {"Superseded"}


def test_a_release_goes_from_job_to_job_each_after_the_last_is_good() -> None:
    world = running_world("a", "b", "c")
    controller = Controller(world, "2.0")
    controller.start()
    assert [image(world, name) for name in "abc"] == ["image:1.0"] * 3
    assert "image:2.0 waits" in world.message("b")
    for name in "abc":
        assert controller.woken[-1] == Key("ns", name)
        controller.reconcile(name)
        assert image(world, name) == "image:2.0"
        world.flink_runs(name)
        controller.reconcile(name)
        assert [controller.reconcile(other) for other in "abc"] == [[], [], []]
        world.later(seconds=30)
        controller.reconcile(name)
        assert world.outcomes(name)[-1] == (2, "Release", "Stable")
    assert set(controller.board.counts().values()) == {0}


def test_a_restarted_controller_goes_on_with_the_rollout() -> None:
    world = running_world("a", "b")
    first = Controller(world, "2.0")
    first.start()
    first.reconcile("a")
    second = Controller(world, "2.0")
    second.start()
    second.reconcile("b")
    assert (image(world, "a"), image(world, "b")) == ("image:2.0", "image:1.0")
    assert second.board.counts() == {Stage.WAITING: 1, Stage.IN_FLIGHT: 1, Stage.FAILED: 0}


def test_a_failed_job_is_rolled_back_and_halts_the_rollout() -> None:
    world = running_world("a", "b", **DEADLINE)
    controller = Controller(world, "2.0")
    controller.start()
    controller.reconcile("a")
    world.flink_runs("a", state="FAILED", error="no")
    world.later(minutes=6)
    controller.reconcile("a")
    controller.reconcile("a")
    assert image(world, "a") == "image:1.0"
    assert world.outcomes("a")[-1] == (2, "Release", "RolledBack")
    controller.reconcile("b")
    assert image(world, "b") == "image:1.0"
    assert "halted, for it failed on ns/a" in world.message("b")
    assert world.state("b") == ("Ready", "Running")
    world.flink_runs("a")

    third = Controller(world, "3.0")
    third.start()
    third.reconcile("a")
    assert image(world, "a") == "image:3.0"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"upgrade": {"automatic": False}}, "image:1.0"),
        ({"version": "0.9"}, "image:0.9"),
        ({"image": "mine"}, "mine"),
        ({"state": "suspended"}, "image:2.0"),
    ],
)
def test_who_does_not_wait_for_the_rollout(fields: dict[str, Any], expected: str) -> None:
    world = running_world("job", **fields)
    Controller(world, "2.0").reconcile()
    assert image(world) == expected


def test_a_users_change_is_applied_at_once_with_the_release_that_the_job_has() -> None:
    world = running_world("a", "b")
    controller = Controller(world, "2.0")
    controller.start()
    controller.reconcile("a")
    world.put_job("b", parallelism=3)
    controller.reconcile("b")
    assert world.deployment("b")["spec"]["job"]["parallelism"] == 3
    assert image(world, "b") == "image:1.0"
    assert world.outcomes("b")[-1] == (2, "Spec", "Pending")


def test_a_pin_that_is_removed_lets_the_release_in() -> None:
    world = running_world("job", version="0.9")
    world.put_job(version=None)
    Controller(world).reconcile()
    assert image(world) == "image:1.0"


@pytest.mark.parametrize(
    ("change", "reason", "way_out"),
    [
        ({"cassandra": {"layout": "map"}}, "IncompatibleTable", "cassandra.table to a new name"),
        ({"cassandra": {"table": "other"}}, "IncompatibleOffsets", "startingOffsets to earliest"),
        (
            {"kafka": {"groupId": "other", "startingOffsets": "latest"}},
            "IncompatibleOffsets",
            "startingOffsets to committed",
        ),
    ],
)
def test_what_would_lose_events_or_spoil_a_table_is_refused(
    change: dict[str, Any], reason: str, way_out: str
) -> None:
    world = running_world("job")
    before = world.deployment()["metadata"]["generation"]
    ((section, fields),) = change.items()
    world.put_job(**{section: world.job()["spec"][section] | fields})
    controller = Controller(world)
    controller.reconcile()
    assert world.state() == ("Stalled", reason)
    assert way_out in world.message()
    assert world.deployment()["metadata"]["generation"] == before


@pytest.mark.parametrize(
    "change",
    [
        {"cassandra": {"table": "other"}, "kafka": {"startingOffsets": "earliest"}},
        {"cassandra": {"table": "other"}, "kafka": {"groupId": "other"}},
        {"kafka": {"groupId": "other"}},
        {"kafka": {"topic": "other"}},
    ],
)
def test_what_loses_nothing_is_applied(change: dict[str, dict[str, Any]]) -> None:
    world = running_world("job")
    spec = world.job()["spec"]
    world.put_job(**{section: spec[section] | fields for section, fields in change.items()})
    Controller(world).reconcile()
    assert world.outcomes()[-1] == (2, "Spec", "Pending")


WAITING, FLYING, FAILED = (
    Entry("dev", stage) for stage in (Stage.WAITING, Stage.IN_FLIGHT, Stage.FAILED)
)
IN_PRODUCTION = Entry("production", Stage.WAITING)


@pytest.mark.parametrize(
    ("entries", "turn"),
    [
        ({}, Turn((), None, None)),
        ({"a": WAITING, "b": WAITING, "c": WAITING}, Turn(("a", "b"), "dev", None)),
        ({"a": FLYING, "b": WAITING, "c": WAITING}, Turn(("b",), "dev", None)),
        ({"a": FLYING, "b": FLYING, "c": WAITING}, Turn((), "dev", None)),
        ({"a": IN_PRODUCTION, "b": WAITING}, Turn(("b",), "dev", None)),
        ({"a": IN_PRODUCTION, "b": FLYING}, Turn((), "dev", None)),
        ({"a": IN_PRODUCTION}, Turn(("a",), "production", None)),
        (
            {"a": Entry("other", Stage.WAITING), "b": IN_PRODUCTION},
            Turn(("b",), "production", None),
        ),
        ({"a": FAILED, "b": WAITING}, Turn((), None, "a")),
    ],
)
def test_whose_turn_it_is(entries: dict[str, Entry], turn: Turn[str]) -> None:
    assert next_turn(entries, Waves(2, ("dev", "production"))) == turn
