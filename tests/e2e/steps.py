"""What may happen to a job, and how it comes through: the same steps on every Flink operator."""

from __future__ import annotations

from pathlib import Path

from tests.cluster import Object, condition, eventually
from tests.e2e.fleet import MINUTES, Fleet


def suspend_and_resume(fleet: Fleet, name: str) -> None:
    """No pod runs meanwhile, and events wait in Kafka."""
    fleet.patch(name, state="suspended")
    fleet.stable(name, reason="Suspended")
    selector = f"lern.sunbird.org/job={name}"
    eventually(lambda: not fleet.namespace.names("pods", selector), "no pod runs", 120)
    fleet.patch(name, state="running")
    fleet.stable(name)


def roll_back_a_bad_image(fleet: Fleet, name: str) -> None:
    """An image that nobody has: the last good revision runs again."""
    good = fleet.status(name)["image"]
    fleet.patch(name, image="localhost/none:1", upgrade={"mode": "stateless", "deadline": "20s"})

    def rolled_back() -> bool:
        stalled = condition(fleet.namespace.get("puij", name), "Stalled")
        return (stalled.get("status"), stalled.get("reason")) == ("True", "UpgradeRolledBack")

    eventually(rolled_back, f"{name} is rolled back", MINUTES)
    said = condition(fleet.namespace.get("puij", name), "Stalled")["message"]
    assert "image localhost/none:1 cannot be pulled" in said

    def runs() -> bool:
        status = fleet.status(name)
        return status.get("jobState") == "RUNNING" and status["image"] == good

    eventually(runs, "the last good revision runs", MINUTES)
    fleet.patch(name, image=None, upgrade={"mode": "stateless", "deadline": "10min"})
    fleet.stable(name)


def take_savepoint(fleet: Fleet, name: str, nonce: int) -> str:
    """A savepoint on demand; its path, as the status says it."""
    before = fleet.status(name).get("lastSavepoint", {}).get("location")
    fleet.patch(name, savepoint={"triggerNonce": nonce})

    def taken() -> str | None:
        location: str | None = fleet.status(name).get("lastSavepoint", {}).get("location")
        return location if location != before else None

    path: str = eventually(taken, "the savepoint is in the status", 120)
    return path


def redeploy_from(fleet: Fleet, name: str, path: str, nonce: int) -> None:
    """Another deployment of the job, which starts from the savepoint."""
    uid = _deployment(fleet, name)["metadata"]["uid"]
    savepoint = {"triggerNonce": nonce, "restoreFrom": path, "redeployNonce": nonce}
    fleet.patch(name, savepoint=savepoint)

    def is_another() -> bool:
        found = fleet.namespace.flink_deployment(name)
        return found is not None and found["metadata"]["uid"] != uid

    eventually(is_another, "the deployment is another one", 120)
    fleet.stable(name)
    assert path.rpartition("/")[2] in fleet.namespace.flink_logs(name)


def delete_with_savepoint(fleet: Fleet, name: str, folder: Path) -> None:
    """`folder` is the claim's, as the node sees it; the job keeps its state there already."""
    taken = set((folder / "savepoints").glob("savepoint-*"))
    fleet.namespace.run("delete", "puij", name, "--timeout=180s")
    eventually(
        lambda: fleet.namespace.flink_deployment(name) is None,
        "the Flink operator has let go of the deployment",
        120,
    )
    (savepoint,) = set((folder / "savepoints").glob("savepoint-*")) - taken
    assert (savepoint / "_metadata").stat().st_size > 0


def flink_version(fleet: Fleet, name: str) -> str:
    """`flinkVersion` of the job's FlinkDeployment."""
    version: str = _deployment(fleet, name)["spec"]["flinkVersion"]
    return version


def _deployment(fleet: Fleet, name: str) -> Object:
    found = fleet.namespace.flink_deployment(name)
    assert found is not None
    return found
