"""A job's Flink through upgrades of the Flink operator, releases of ours, and a user's changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from program_user_info_operator.rollout.standings import Waves
from tests.unit.operator.controller import Controller
from tests.unit.operator.world import World, flink_crd

OPERATOR_1_7 = ("v1_17", "v1_18", "v1_19")
OPERATOR_1_15 = ("v1_18", "v1_19", "v1_20", "v2_0", "v2_1", "v2_2")
STATEFUL: dict[str, Any] = {
    "upgrade": {"mode": "savepoint"},
    "checkpoints": {"storage": "s3://bucket"},
}


def world_with(*versions: str, **fields: Any) -> World:
    """A job that runs stably under a Flink operator that knows these versions."""
    world = World()
    world.put(flink_crd(*versions))
    world.put_job(**fields)
    Controller(world).settle()
    return world


def flink(world: World) -> tuple[str, str, str]:
    """What the Flink operator is told, the image, and the line that the status names."""
    spec = world.deployment()["spec"]
    return spec["flinkVersion"], spec["image"], world.job()["status"]["flinkVersion"]


def test_a_new_flink_operator_alone_rolls_nobody_and_the_next_release_does() -> None:
    world = world_with(*OPERATOR_1_7)
    assert flink(world) == ("v1_18", "image:1.0", "v1_20")
    world.put(flink_crd(*OPERATOR_1_15))
    assert Controller(world).reconcile() == []
    world.put_job(parallelism=2)
    Controller(world).settle()
    assert flink(world) == ("v1_18", "image:1.0", "v1_20")
    next_release = Controller(world, "2.0")
    next_release.start()
    assert flink(world) == ("v2_2", "image:2.0-flink2.2", "v2_2")
    next_release.settle()
    assert world.state() == ("Ready", "Running")
    assert world.outcomes()[-1] == (3, "Release", "Stable")


def test_a_release_leaves_a_job_with_state_on_its_generation() -> None:
    world = world_with(*OPERATOR_1_7, **STATEFUL)
    world.put(flink_crd(*OPERATOR_1_15))
    Controller(world, "2.0").start()
    assert flink(world) == ("v1_18", "image:2.0", "v1_20")


def test_to_the_other_line_and_back_by_one_field() -> None:
    world = world_with(*OPERATOR_1_15)
    assert flink(world) == ("v2_2", "image:1.0-flink2.2", "v2_2")
    world.put_job(flink={"version": "v1_20"})
    Controller(world).settle()
    assert flink(world) == ("v1_20", "image:1.0", "v1_20")
    world.put_job(flink={"version": "v2_2"})
    Controller(world).settle()
    assert flink(world) == ("v2_2", "image:1.0-flink2.2", "v2_2")
    assert [outcome for _, _, outcome in world.outcomes()] == ["Stable"] * 3
    assert Controller(world).reconcile() == []


def test_with_state_another_generation_is_refused_until_it_may_be_stateless() -> None:
    world = world_with(*OPERATOR_1_15, **STATEFUL)
    world.put_job(flink={"version": "v1_20"})
    assert Controller(world).reconcile() == [
        "apply ProgramUserInfoJob/status",
        "create Event IncompatibleState",
    ]
    assert world.state() == ("Stalled", "IncompatibleState")
    assert flink(world) == ("v2_2", "image:1.0-flink2.2", "v2_2")
    world.put_job(upgrade={"mode": "stateless"})
    Controller(world).settle()
    assert world.deployment()["spec"]["job"]["upgradeMode"] == "stateless"
    world.put_job(**STATEFUL)
    Controller(world).settle()
    assert flink(world) == ("v1_20", "image:1.0", "v1_20")
    assert (world.state(), len(world.outcomes())) == (("Ready", "Running"), 2)


def test_another_line_waits_for_the_release_like_any_other_edit() -> None:
    world = world_with(*OPERATOR_1_15)
    next_release = Controller(world, "2.0", Waves(1, (), paused=True))
    world.put_job(flink={"version": "v1_20"})
    next_release.reconcile()
    assert flink(world)[:2] == ("v1_20", "image:1.0-flink1.20")


@pytest.mark.parametrize(
    ("spec", "reason", "is_looked_at_again"),
    [
        ({"flink": {"version": "v1_19"}}, "FlinkVersionNotBundled", False),
        ({"flink": {"version": "v2_3"}, "image": "mine"}, "FlinkVersionUnsupported", True),
    ],
)
def test_a_flink_that_cannot_run_stalls_the_job(
    spec: dict[str, Any], reason: str, is_looked_at_again: bool
) -> None:
    world = world_with(*OPERATOR_1_15)
    before = world.deployment()["spec"]
    world.put_job(**spec)
    controller = Controller(world)
    controller.reconcile()
    assert world.state() == ("Stalled", reason)
    assert world.deployment()["spec"] == before
    assert (controller.recheck is not None) is is_looked_at_again


def test_jobs_of_a_controller_that_knew_one_flink_wait_for_their_turn() -> None:
    world = world_with(*OPERATOR_1_7)
    for place, each in world.objects.items():
        if "-revision-" in place[2]:
            record = json.loads(each["data"]["revision.json"])
            del record["flink"], record["inputs"]
            each["data"]["revision.json"] = json.dumps(record)
    world.put(flink_crd(*OPERATOR_1_15))
    Controller(world, "2.0", Waves(1, (), paused=True)).reconcile()
    assert flink(world) == ("v1_18", "image:1.0", "v1_20")
    assert "rollouts are paused" in world.message()
    Controller(world, "2.0").start()
    assert flink(world) == ("v2_2", "image:2.0-flink2.2", "v2_2")
