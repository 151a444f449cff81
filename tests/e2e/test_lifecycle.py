"""Jobs under Flink through all that may happen to them; the tables stay equal to the topic's fold.

Events flow while a job is suspended, upgraded, broken, rolled back and rolled to a new release.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from dev.cluster.node import ctr
from dev.demo.world import open_kafka
from dev.steps import capture
from tests.cluster import condition, eventually, upgrade_release
from tests.e2e.fleet import (
    BUCKET,
    CLAIM,
    FOLDER,
    MINUTES,
    SECRET,
    Fleet,
    claim,
    object_store,
    open_fleet,
)

pytestmark = pytest.mark.cluster


NAMES = ("lifecycle-a", "lifecycle-b", "lifecycle-c")


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with open_kafka() as kafka, claim(), open_fleet(kafka, *NAMES) as fleet:
        image = fleet.status()["image"]
        yield fleet
        fleet.remove()
        release(image)


def test_suspended_and_resumed(fleet: Fleet) -> None:
    with fleet.traffic():
        fleet.patch(state="suspended")
        fleet.stable(reason="Suspended")
        selector = f"lern.sunbird.org/job={NAMES[0]}"
        eventually(lambda: not fleet.namespace.names("pods", selector), "no pod runs", 120)
        fleet.patch(state="running")
        fleet.stable()
    assert fleet.differences() == []


def test_a_secret_is_rotated(fleet: Fleet) -> None:
    with fleet.traffic():
        fleet.patch(cassandra={"credentials": {"secretName": SECRET}})

        def is_missed() -> bool:
            stalled = condition(fleet.namespace.get("puij", NAMES[0]), "Stalled")
            return (stalled.get("status"), stalled.get("reason")) == ("True", "SecretMissing")

        eventually(is_missed, "the missing Secret is named")
        put_secret(fleet, "first")
        fleet.stable()
        put_secret(fleet, "second")
        eventually(
            lambda: fleet.status()["revisions"][-1]["cause"] == "Secret", "it is noticed", 60
        )
        fleet.stable()
    assert fleet.differences() == []
    said = fleet.namespace.run("get", "puij,flinkdeployment,configmap", "-o", "yaml")
    for value in ("first", "second"):
        assert f"password-{value}" not in said
        assert base64.b64encode(f"password-{value}".encode()).decode() not in said


def put_secret(fleet: Fleet, value: str) -> None:
    """Cassandra asks for no password here: any will do."""
    fleet.namespace.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": SECRET},
            "stringData": {"username": "anybody", "password": f"password-{value}"},
        }
    )


def test_upgraded_from_a_savepoint_in_an_object_store(fleet: Fleet) -> None:
    put_secret(fleet, "store")
    with object_store() as spec:
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
    assert "Restoring job" in fleet.namespace.run("logs", f"deployment/{NAMES[0]}")


def test_a_savepoint_on_demand_and_a_deployment_from_it(fleet: Fleet) -> None:
    before = fleet.status()["lastSavepoint"]["location"]
    assert before.startswith("s3:")
    fleet.patch(savepoint={"triggerNonce": 1})

    def taken() -> str | None:
        location: str = fleet.status()["lastSavepoint"]["location"]
        return location if location != before else None

    path = eventually(taken, "the savepoint is in the status", 120)
    with fleet.traffic():
        fleet.patch(savepoint={"triggerNonce": 1, "restoreFrom": path, "redeployNonce": 1})
        deployment = fleet.namespace.get("flinkdeployment", NAMES[0])
        assert deployment is not None
        uid = deployment["metadata"]["uid"]
        eventually(
            lambda: (
                (found := fleet.namespace.get("flinkdeployment", NAMES[0]))
                and found["metadata"]["uid"] != uid
            ),
            "the deployment is another one",
            120,
        )
        fleet.stable()
    logs = fleet.namespace.run("logs", f"deployment/{NAMES[0]}")
    assert path.rpartition("/")[2] in logs
    assert fleet.differences() == []


def test_a_bad_image_is_rolled_back(fleet: Fleet) -> None:
    good = fleet.status()["image"]
    with fleet.traffic():
        fleet.patch(image="localhost/none:1", upgrade={"mode": "stateless", "deadline": "20s"})

        def rolled_back() -> bool:
            stalled = condition(fleet.namespace.get("puij", NAMES[0]), "Stalled")
            return (stalled.get("status"), stalled.get("reason")) == ("True", "UpgradeRolledBack")

        eventually(rolled_back, "it is rolled back", MINUTES)
        said = condition(fleet.namespace.get("puij", NAMES[0]), "Stalled")["message"]
        assert "image localhost/none:1 cannot be pulled" in said
        eventually(
            lambda: fleet.status().get("jobState") == "RUNNING" and fleet.status()["image"] == good,
            "the last good revision runs",
            MINUTES,
        )
        fleet.patch(image=None, upgrade={"mode": "stateless", "deadline": "10min"})
        fleet.stable()
    assert fleet.differences() == []


def test_a_release_rolls_in_waves(fleet: Fleet) -> None:
    """One job after the other takes up the chart's new image; the next one waits for it."""
    before = {name: fleet.status(name)["image"] for name in NAMES}
    (image,) = set(before.values())
    next_image = f"{image}-next"
    tag = ctr("images", "tag", "--force", image, next_image)
    capture(tag)
    seen: list[set[str]] = []

    def all_are_good() -> bool:
        newest = {name: each["revisions"][-1] for name, each in fleet.statuses().items()}
        moving = {
            name
            for name, revision in newest.items()
            if revision["image"] == next_image and revision["outcome"] == "Pending"
        }
        seen.append(moving)
        return all(
            revision["image"] == next_image and revision["outcome"] == "Stable"
            for revision in newest.values()
        )

    with fleet.traffic():
        release(next_image)
        eventually(all_are_good, "all jobs run the release", 3 * MINUTES)
    assert set().union(*seen) == set(NAMES)
    assert max(len(moving) for moving in seen) == 1
    for name in NAMES:
        assert fleet.differences(name) == []


def release(image: str) -> None:
    """Give the operator's release this image of the job."""
    repository, _, tag = image.rpartition(":")
    upgrade_release(job__image__repository=repository, job__image__tag=tag)


def test_deleted_with_a_savepoint(fleet: Fleet) -> None:
    fleet.patch(checkpoints={"storage": f"claim:{CLAIM}"}, deletion={"savepoint": True})
    fleet.stable()
    taken = set((FOLDER / "savepoints").glob("savepoint-*"))
    fleet.namespace.run("delete", "puij", NAMES[0], "--timeout=180s")
    eventually(
        lambda: fleet.namespace.get("flinkdeployment", NAMES[0]) is None,
        "the Flink operator has let go of the deployment",
        120,
    )
    (savepoint,) = set((FOLDER / "savepoints").glob("savepoint-*")) - taken
    assert (savepoint / "_metadata").stat().st_size > 0


def test_the_job_says_what_it_cannot_reach(fleet: Fleet) -> None:
    no_rollback = {"rollback": False}
    fleet.patch(NAMES[1], kafka={"bootstrapServers": ["kafka:9"]}, upgrade=no_rollback)
    fleet.patch(NAMES[2], cassandra={"contactPoints": ["cassandra:9"]}, upgrade=no_rollback)
    for name, reason, address in (
        (NAMES[1], "KafkaUnreachable", "kafka:9"),
        (NAMES[2], "CassandraUnreachable", "cassandra:9"),
    ):

        def said(name: str = name, reason: str = reason) -> str | None:
            ready = condition(fleet.namespace.get("puij", name), "Ready")
            return ready["message"] if ready.get("reason") == reason else None

        assert address in eventually(said, f"{name} says {reason}", MINUTES)
