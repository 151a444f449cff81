"""Which revisions overlap with the one before, and under which names."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.api.resource import MAX_NAME
from program_user_info_operator.policy.deployments import overlapping_name
from tests.unit.operator.stories import IN_PLACE, PATIENT, running


def test_suspend_stops_both() -> None:
    world, controller = running()
    world.put_job(parallelism=3)
    controller.rest()
    world.put_job(state="suspended")
    controller.rest()
    assert [each["spec"]["job"]["state"] for each in world.deployments()] == ["suspended"] * 2
    world.later(hours=2)
    controller.rest()
    assert world.outcomes()[-1] == (2, "Spec", "Pending")
    world.put_job(state="running")
    controller.rest()
    assert [each["spec"]["job"]["state"] for each in world.deployments()] == ["running"] * 2
    controller.settle()
    assert world.outcomes()[-1] == (2, "Spec", "Stable")
    assert len(world.deployments()) == 1


def test_a_third_revision_replaces_the_second_and_the_first_still_writes() -> None:
    world, controller = running()
    for parallelism in (2, 3):
        world.put_job(parallelism=parallelism)
        controller.rest()
    assert [each["spec"]["job"]["parallelism"] for each in world.deployments()] == [1, 3]
    assert [outcome for *_, outcome in world.outcomes()] == ["Stable", "Superseded", "Pending"]


@pytest.mark.parametrize(
    ("fields", "upgrade"),
    [
        ({}, IN_PLACE),
        ({"checkpoints": {"storage": "s3://b"}}, PATIENT | {"mode": "savepoint"}),
        ({"checkpoints": {"storage": "s3://b"}}, PATIENT | {"mode": "last-state"}),
        ({}, PATIENT | {"rollback": False}),
    ],
)
def test_who_does_not_overlap(fields: dict[str, Any], upgrade: dict[str, Any]) -> None:
    world, controller = running(upgrade, **fields)
    world.put_job(restartNonce=1)
    controller.rest()
    assert len(world.deployments()) == 1


def test_a_revision_that_sets_the_groups_offsets_does_not_overlap() -> None:
    """The old one would set them back."""
    world, controller = running()
    kafka = world.job()["spec"]["kafka"]
    world.put_job(kafka=kafka | {"startingOffsets": "earliest"})
    controller.rest()
    assert len(world.deployments()) == 1
    controller.settle()
    world.put_job(restartNonce=1)
    controller.rest()
    assert len(world.deployments()) == 2


def test_where_the_quota_leaves_no_room_revisions_do_not_overlap() -> None:
    world, controller = running()
    world.put_job(parallelism=3)
    controller.rest()
    world.flink_runs(state="RECONCILING", error="pods is forbidden: exceeded quota: small")
    controller.rest()
    (only,) = world.deployments()
    assert only["spec"]["job"]["parallelism"] == 3
    assert world.message().endswith(
        "; the namespace's quota leaves no room for both revisions, so they do not overlap"
    )
    controller.settle()
    assert world.outcomes()[-1] == (2, "Spec", "Stable")


def test_a_job_of_the_release_before_passes_over_without_a_gap() -> None:
    """Its FlinkDeployment is named as the job."""
    world, controller = running(IN_PLACE)
    assert [each["metadata"]["name"] for each in world.deployments()] == ["job"]
    world.put_job(upgrade=PATIENT)
    controller.rest()
    assert [each["metadata"]["name"] for each in world.deployments()] == ["job"]
    world.put_job(restartNonce=1)
    controller.rest()
    assert len(world.deployments()) == 2
    assert world.deployments()[0]["spec"]["restartNonce"] == 0
    controller.settle()
    (only,) = world.deployments()
    assert only["metadata"]["name"] != "job"


def test_back_to_in_place_keeps_the_deployment_that_runs() -> None:
    world, controller = running()
    (name,) = (each["metadata"]["name"] for each in world.deployments())
    world.put_job(upgrade=IN_PLACE, restartNonce=1)
    controller.settle()
    (only,) = world.deployments()
    assert (only["metadata"]["name"], only["spec"]["restartNonce"]) == (name, 1)


@pytest.mark.parametrize("job", ["a", "a" * 45, "a" * 35 + "-" + "b" * 9])
def test_a_deployments_name_fits_the_flink_operator_and_is_no_other_jobs(job: str) -> None:
    name = overlapping_name(job, "0123456789")
    assert len(name) <= MAX_NAME
    assert name.startswith(job[:30])
    assert "--" not in name
    others = [overlapping_name(job, "other"), overlapping_name(f"{job[:-1]}x", "0123456789")]
    assert name not in others
