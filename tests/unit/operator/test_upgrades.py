"""One job through its revisions: upgraded, rolled back, undone, overlapped or replaced."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.api.resource import MAX_NAME
from program_user_info_operator.policy.deployments import overlapping_name
from tests.unit.operator.stories import IN_PLACE, PATIENT, PAUSED, fail, images, running
from tests.unit.operator.world import SOAK, Controller, World


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
    assert "revision 2 is on trial beside revision 1, which still writes" in world.message()
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


@pytest.mark.parametrize("upgrade", [PATIENT, IN_PLACE], ids=["overlap", "replace"])
def test_undo_goes_back_to_any_good_revision_and_stays_there(upgrade: dict[str, Any]) -> None:
    world, controller = running(upgrade)
    for parallelism in (2, 3):
        world.put_job(parallelism=parallelism)
        controller.settle()
    world.put_job(upgrade=upgrade | {"revision": 1})
    controller.settle()
    assert world.outcomes()[-1] == (4, "Undo", "Stable")
    assert world.deployment()["spec"]["job"]["parallelism"] == 1
    assert world.state() == ("Ready", "Running")
    assert "revision 1 runs and other changes do not apply" in world.message()
    world.put_job(parallelism=9)
    assert "apply FlinkDeployment" not in controller.reconcile()
    later = Controller(world, "2.0")
    later.rest()
    assert images(world) == ["image:1.0"]
    assert world.stage() == "Exempt"
    world.put_job(upgrade=upgrade)
    later.settle()
    spec = world.deployment()["spec"]
    assert (spec["job"]["parallelism"], spec["image"]) == (9, "image:2.0")


@pytest.mark.parametrize("number", [2, 7])
def test_what_was_not_good_cannot_be_gone_back_to(number: int) -> None:
    world, controller = running()
    world.put_job(image="bad")
    fail(world, controller)
    world.put_job(image=None, upgrade=PATIENT | {"revision": number})
    controller.rest()
    assert world.state() == ("Stalled", "RevisionUnknown")
    assert f"{number} is not one of the good revisions that are kept (1)" in world.message()


def test_the_last_five_good_revisions_can_be_gone_back_to() -> None:
    world, controller = running()
    for nonce in range(1, 8):
        world.put_job(restartNonce=nonce)
        controller.settle()
    records = [place[2] for place in world.objects if "-revision-" in place[2]]
    assert len(records) == 5
    world.put_job(upgrade=PATIENT | {"revision": 4})
    controller.settle()
    assert world.outcomes()[-1] == (9, "Undo", "Stable")


def test_the_history_is_bounded_and_keeps_the_last_good_revision() -> None:
    world, controller = running()
    for nonce in range(1, 15):
        world.put_job(restartNonce=nonce)
        controller.rest()
    outcomes = world.outcomes()
    assert [number for number, _, _ in outcomes] == [1, *range(6, 16)]
    assert outcomes[0] == (1, "Created", "Stable")
    assert {outcome for _, _, outcome in outcomes[1:-1]} == {"Superseded"}


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
def test_what_would_lose_events_or_corrupt_a_table_is_refused(
    change: dict[str, Any], reason: str, way_out: str
) -> None:
    world, controller = running()
    before = world.deployments()
    ((section, fields),) = change.items()
    world.put_job(**{section: world.job()["spec"][section] | fields})
    controller.rest()
    assert world.state() == ("Stalled", reason)
    assert way_out in world.message()
    assert world.deployments() == before


STATEFUL: dict[str, Any] = {"checkpoints": {"storage": "s3://b"}}


@pytest.mark.parametrize(
    "change",
    [
        {"autoscaling": {"enabled": True, "maxParallelism": 4}},
        {"flink": {"configuration": {"pipeline.max-parallelism": "4"}}},
    ],
)
def test_another_maximum_parallelism_cannot_read_the_state(change: dict[str, Any]) -> None:
    world, controller = running(PATIENT | {"mode": "savepoint"}, **STATEFUL)
    world.put_job(**change)
    controller.rest()
    assert world.state() == ("Stalled", "IncompatibleState")
    assert "pipeline.max-parallelism: state written with its default" in world.message()
    world.put_job(upgrade=PATIENT)
    controller.rest()
    assert world.outcomes()[-1] == (2, "Spec", "Pending")


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
    world, controller = running()
    spec = world.job()["spec"]
    world.put_job(**{section: spec[section] | fields for section, fields in change.items()})
    controller.rest()
    assert world.outcomes()[-1] == (2, "Spec", "Pending")


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
