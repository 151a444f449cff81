"""Jobs under Flink through all that may happen to them; the tables stay equal to the topic's fold.

Events flow while a job is suspended, upgraded, broken, rolled back and rolled to a new release.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from dev.cluster.chart_release import NAMESPACE, RELEASE
from dev.cluster.demo.world import open_kafka
from dev.cluster.node import ctr
from dev.cluster.target import kubectl
from dev.steps import capture
from tests.cluster import Object, condition, eventually, profile, profiles, upgrade_release
from tests.e2e import steps
from tests.e2e.fleet import (
    BUCKET,
    CLAIM,
    FOLDER,
    MINUTES,
    Fleet,
    claim,
    object_store,
    open_fleet,
)
from tests.e2e.operators import known_flinks

pytestmark = [pytest.mark.cluster, pytest.mark.early(3)]


NAMES = ("lifecycle-a", "lifecycle-b", "lifecycle-c")


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with open_kafka() as kafka, claim(), open_fleet(kafka, *NAMES) as fleet:
        before = fleet.status()
        yield fleet
        fleet.remove()
        release(before["flinkVersion"], before["image"])


def test_the_newest_bundled_flink_runs(fleet: Fleet) -> None:
    """No `flink.version` is set anywhere."""
    expected = next(line for line in ("v2_2", "v1_20", "v1_18") if line in known_flinks())
    assert {steps.flink_version(fleet, name) for name in NAMES} == {expected}


@pytest.mark.usefixtures("flink_2")
def test_to_the_other_flink_line_and_back(fleet: Fleet) -> None:
    """One field; offsets are in Kafka, so nothing else passes between the two."""
    with fleet.traffic():
        for version, line in (("v1_20", "flink1.20"), ("v2_2", "flink2.2")):
            fleet.patch(flink={"version": version})
            assert line in fleet.stable()["image"]
            assert steps.flink_version(fleet, NAMES[0]) == version
    assert fleet.differences() == []


def test_suspended_and_resumed(fleet: Fleet) -> None:
    with fleet.traffic():
        steps.suspend_and_resume(fleet, NAMES[0])
    assert fleet.differences() == []


def test_a_secret_is_rotated(fleet: Fleet) -> None:
    with fleet.traffic():
        fleet.patch(cassandra={"credentials": {"secretName": fleet.secret}})

        def is_missed() -> bool:
            stalled = condition(fleet.namespace.get("puij", NAMES[0]), "Stalled")
            return (stalled.get("status"), stalled.get("reason")) == ("True", "SecretMissing")

        eventually(is_missed, "the missing Secret is named")
        fleet.put_secret("password-first")
        fleet.stable()
        fleet.put_secret("password-second")
        eventually(
            lambda: fleet.status()["revisions"][-1]["cause"] == "Secret", "it is noticed", 60
        )
        fleet.stable()
    assert fleet.differences() == []
    said = fleet.namespace.run("get", "puij,flinkdeployment,configmap", "-o", "yaml")
    for value in ("first", "second"):
        assert f"password-{value}" not in said
        assert base64.b64encode(f"password-{value}".encode()).decode() not in said


def test_upgraded_from_a_savepoint_in_an_object_store(fleet: Fleet) -> None:
    fleet.put_secret("password-store")
    with object_store(fleet.secret) as spec:
        fleet.patch(upgrade={"mode": "savepoint"}, **spec)
        assert fleet.stable()["lastCheckpoint"]["id"] >= 1
        with fleet.traffic():
            fleet.patch(restartNonce=1)
            status = fleet.stable()
        assert status["lastSavepoint"]["location"].startswith(f"s3://{BUCKET}/state/savepoints/")
        assert_restored(fleet)
        assert fleet.differences() == []


def test_upgraded_from_its_last_state(fleet: Fleet) -> None:
    fleet.patch(
        checkpoints={"storage": f"claim:{CLAIM}"},
        upgrade={"mode": "last-state"},
        flink={"configuration": None, "podTemplate": None},
    )
    assert fleet.stable()["lastCheckpoint"]["id"] >= 1
    with fleet.traffic():
        fleet.patch(restartNonce=2)
        fleet.stable()
    assert_restored(fleet)
    assert fleet.differences() == []


def assert_restored(fleet: Fleet) -> None:
    """The job started from state."""
    assert "Restoring job" in fleet.namespace.flink_logs(NAMES[0])


def test_a_savepoint_on_demand_and_a_deployment_from_it(fleet: Fleet) -> None:
    assert fleet.status()["lastSavepoint"]["location"].startswith("s3:")
    path = steps.take_savepoint(fleet, NAMES[0], 1)
    with fleet.traffic():
        steps.redeploy_from(fleet, NAMES[0], path, 1)
    assert fleet.differences() == []


def test_a_bad_image_is_rolled_back(fleet: Fleet) -> None:
    with fleet.traffic():
        steps.roll_back_a_bad_image(fleet, NAMES[0])
    assert fleet.differences() == []


def test_a_release_rolls_in_waves(fleet: Fleet) -> None:
    """One job after the other gets the chart's new image; the next one waits for it.

    The controller that leads is killed in the middle of it.
    """
    before = {name: fleet.status(name)["image"] for name in NAMES}
    (image,) = set(before.values())
    next_image = f"{image}-next"
    tag = ctr("images", "tag", "--force", image, next_image)
    capture(tag)
    seen: list[set[str]] = []

    def all_are_good() -> bool:
        newest = {name: each["revisions"][-1] for name, each in fleet.statuses().items()}
        seen.append(moving(fleet, next_image))
        return all(
            revision["image"] == next_image and revision["outcome"] == "Stable"
            for revision in newest.values()
        )

    with fleet.traffic():
        release(fleet.status()["flinkVersion"], next_image)
        eventually(lambda: any(moving(fleet, next_image)), "the rollout has begun", MINUTES)
        kill_leader()
        eventually(all_are_good, "all jobs run the release", 3 * MINUTES)
    assert set().union(*seen) == set(NAMES)
    assert max(len(moving) for moving in seen) == 1
    for name in NAMES:
        assert fleet.differences(name) == []


def moving(fleet: Fleet, image: str) -> set[str]:
    """The jobs that have an image and have yet to be good with it."""
    newest = {name: each["revisions"][-1] for name, each in fleet.statuses().items()}
    return {
        name
        for name, revision in newest.items()
        if revision["image"] == image and revision["outcome"] == "Pending"
    }


def kill_leader() -> None:
    """SIGKILL to the container that holds the Lease; it or another pod leads then."""
    leader = lease_holder()
    before = container(leader)
    kill = ("tasks", "kill", "--signal", "SIGKILL")
    capture(ctr(*kill, before["containerID"].removeprefix("containerd://")))
    eventually(
        lambda: container(leader)["restartCount"] > before["restartCount"],
        "the leader was killed",
    )


def container(pod: str) -> Object:
    """The status of the pod's one container."""
    status = json.loads(kubectl("get", "pod", pod, "-n", NAMESPACE, "-o", "json"))["status"]
    found: Object
    (found,) = status["containerStatuses"]
    return found


def lease_holder() -> str:
    path = "jsonpath={.spec.holderIdentity}"
    return kubectl("get", "lease", f"{RELEASE}-operator", "-n", NAMESPACE, "-o", path)


def test_a_profile_with_a_wrong_broker_stops_at_its_first_job(fleet: Fleet) -> None:
    """The job is rolled back, and the others never got the change."""
    right: Object = {"kafka": {"bootstrapServers": ["kafka:9092"]}}
    wrong: Object = {"kafka": {"bootstrapServers": ["nobody.invalid:9092"]}}
    own = profile("dev")
    with profiles(dev=own | right) as change:
        for name in NAMES:
            fleet.patch(name, kafka={"bootstrapServers": None}, upgrade={"mode": None})
            fleet.stable(name)
            # From here on nothing new is right.
            fleet.patch(name, upgrade={"deadline": "45s"})
            fleet.stable(name)
        before = {name: fleet.status(name)["jobId"] for name in NAMES}
        with fleet.traffic():
            change(dev=own | wrong)
            eventually(lambda: "Failed" in stages(fleet).values(), "a job has failed", MINUTES)
            found = stages(fleet)
            # Whichever was told first is the one.
            failed, *others = sorted(NAMES, key=lambda name: found[name] != "Failed")
            assert {found[name] for name in others} == {"Waiting"}
            assert {name: fleet.status(name)["jobId"] for name in NAMES} == before
            message = condition(fleet.namespace.get("puij", others[0]), "Ready")["message"]
            assert "the changed profile is halted since" in message
            assert f"it failed on {fleet.namespace.name}/{failed}" in message
            change(dev=own | right)
            for name in NAMES:
                fleet.patch(name, upgrade={"deadline": None})
                fleet.stable(name)
            assert {name: fleet.status(name)["jobId"] for name in NAMES} == before
        for name in NAMES:
            fleet.patch(name, **right)
            fleet.stable(name)
            assert fleet.differences(name) == []


def stages(fleet: Fleet) -> dict[str, str]:
    """Where each job stands with its profile."""
    return {
        name: each["stage"]
        for name, status in fleet.statuses().items()
        for each in status["rollout"]["changes"]
        if each["change"] == "Profile"
    }


def release(line: str, image: str) -> None:
    """Give the operator's release this image of the job for a line of Flink."""
    repository, _, tag = image.rpartition(":")
    values = {f"job.images.{line}.repository": repository, f"job.images.{line}.tag": tag}
    upgrade_release(values=values)


def test_deleted_with_a_savepoint(fleet: Fleet) -> None:
    fleet.patch(checkpoints={"storage": f"claim:{CLAIM}"}, deletion={"savepoint": True})
    fleet.stable()
    steps.delete_with_savepoint(fleet, NAMES[0], FOLDER)
