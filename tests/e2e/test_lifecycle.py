"""Jobs under Flink through all that may happen to them; the tables stay equal to the topic's fold.

Events flow while a job is suspended, upgraded, broken, rolled back and rolled to a new release.
"""

from __future__ import annotations

import base64
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pytest
from confluent_kafka import Producer

from dev.cluster.target import kubectl
from dev.demo.events import Generated, demo_events
from dev.demo.run import compare
from dev.demo.world import KAFKA_PORT, NAMESPACE, Kafka, open_cassandra, open_kafka, read_rows
from dev.paths import STATE
from tests.cluster import Namespace, condition, eventually, job

pytestmark = pytest.mark.cluster

TOPIC = "lifecycle.events"
KEYSPACE = "lifecycle"
CLAIM = "lifecycle"
NAMES = ("lifecycle-a",)
_FOLDER = STATE / "lifecycle"
_MINUTES = 300.0

Object = dict[str, Any]


class Lifecycle:
    """The jobs and the events that they have been sent."""

    def __init__(self, kafka: Kafka) -> None:
        self.kafka = kafka
        self.namespace = Namespace(NAMESPACE)
        self._source = demo_events(20_000, seed=23)
        self._sent: list[Generated] = []
        self._producer = Producer({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}"})

    def apply(self, name: str, **spec: Any) -> None:
        """Create a running job with a group and a table of its own."""
        table = name.replace("-", "_")
        defaults = {
            "state": "running",
            "flink": None,
            "kafka": {"bootstrapServers": ["kafka:9092"], "topic": TOPIC, "groupId": name},
            "cassandra": {
                "contactPoints": ["cassandra:9042"],
                "keyspace": KEYSPACE,
                "table": table,
            },
        }
        self.namespace.apply(job(name, **(defaults | spec)))

    def patch(self, name: str = NAMES[0], **spec: Any) -> None:
        """Change the job's spec."""
        patch = json.dumps({"spec": spec})
        self.namespace.run("patch", "puij", name, "--type=merge", "-p", patch)

    def status(self, name: str = NAMES[0]) -> Object:
        """The job's status."""
        status: Object = (self.namespace.get("puij", name) or {}).get("status") or {}
        return status

    def stable(self, name: str = NAMES[0], reason: str = "Running") -> Object:
        """Wait until the present spec is Ready, and good if it runs."""

        def probe() -> bool:
            found = self.namespace.get("puij", name)
            ready = condition(found, "Ready")
            newest = ((found or {}).get("status", {}).get("revisions") or [{}])[-1]
            return (
                (ready.get("status"), ready.get("reason")) == ("True", reason)
                and ready["observedGeneration"] == found["metadata"]["generation"]  # type: ignore[index]
                and (reason != "Running" or newest.get("outcome") == "Stable")
            )

        eventually(probe, f"{name} is {reason}: {self.status(name).get('conditions')}", _MINUTES)
        return self.status(name)

    def send(self, count: int) -> None:
        """Send some of the events."""
        for event in islice(self._source, count):
            self._sent.append(event)
            self._producer.produce(TOPIC, event.payload)
        assert self._producer.flush(30) == 0

    @contextmanager
    def traffic(self) -> Iterator[None]:
        """Events flow meanwhile."""
        over = threading.Event()

        def flow() -> None:
            while not over.wait(0.2):
                self.send(5)

        thread = threading.Thread(target=flow)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def differences(self, name: str = NAMES[0]) -> list[str]:
        """The table and the dead letters against the fold of the topic, once all is read."""
        self.kafka.wait_for_commit(TOPIC, name)
        rejected = {event.payload: event.reason for event in self._sent if event.reason}
        with open_cassandra() as session:
            found = read_rows(session, f"{KEYSPACE}.{name.replace('-', '_')}")
        assert len(found) > 50
        return compare(self.kafka, rejected, found, TOPIC).problems


@pytest.fixture(scope="module")
def lifecycle() -> Iterator[Lifecycle]:
    with open_kafka() as kafka, claim():
        remove_jobs()
        for name in NAMES:
            kafka.delete_group(name)
        kafka.recreate(TOPIC)
        kafka.delete(f"{TOPIC}.failed")
        with open_cassandra() as session:
            session.execute(f"DROP KEYSPACE IF EXISTS {KEYSPACE}")
        found = Lifecycle(kafka)
        found.apply(NAMES[0])
        found.stable()
        found.send(500)
        yield found
        remove_jobs()


def remove_jobs() -> None:
    """The jobs, their pods and their Secret."""
    for kind, names in (("puij", NAMES), ("secret", ("lifecycle",))):
        kubectl("delete", kind, *names, "-n", NAMESPACE, "--ignore-not-found", "--timeout=120s")
    for name in NAMES:
        selector = f"lern.sunbird.org/job={name}"
        kubectl("wait", "pods", "-n", NAMESPACE, "-l", selector, "--for=delete", "--timeout=120s")


@contextmanager
def claim() -> Iterator[None]:
    """A volume for checkpoints and savepoints, on the node's disk."""
    _FOLDER.mkdir(exist_ok=True)
    _FOLDER.chmod(0o777)  # the pods are another user; on a real volume fsGroup sees to it
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": CLAIM},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteMany"],
            "storageClassName": CLAIM,
            "hostPath": {"path": str(_FOLDER), "type": "Directory"},
        },
    }
    request = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": CLAIM, "namespace": NAMESPACE},
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": CLAIM,
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    for each in (volume, request):
        kubectl("apply", "-f", "-", stdin=json.dumps(each))
    try:
        yield
    finally:
        kubectl("delete", "pvc", CLAIM, "-n", NAMESPACE, "--wait=false")
        kubectl("delete", "pv", CLAIM, "--wait=false")
        shutil.rmtree(_FOLDER, ignore_errors=True)


def test_suspended_and_resumed(lifecycle: Lifecycle) -> None:
    with lifecycle.traffic():
        lifecycle.patch(state="suspended")
        lifecycle.stable(reason="Suspended")
        selector = f"lern.sunbird.org/job={NAMES[0]}"
        eventually(lambda: not lifecycle.namespace.names("pods", selector), "no pod runs", 120)
        lifecycle.patch(state="running")
        lifecycle.stable()
    assert lifecycle.differences() == []


def test_a_secret_is_rotated(lifecycle: Lifecycle) -> None:
    with lifecycle.traffic():
        lifecycle.patch(cassandra={"credentials": {"secretName": "lifecycle"}})

        def is_missed() -> bool:
            stalled = condition(lifecycle.namespace.get("puij", NAMES[0]), "Stalled")
            return (stalled.get("status"), stalled.get("reason")) == ("True", "SecretMissing")

        eventually(is_missed, "the missing Secret is named")
        put_secret(lifecycle, "first")
        lifecycle.stable()
        put_secret(lifecycle, "second")
        eventually(
            lambda: lifecycle.status()["revisions"][-1]["cause"] == "Secret", "it is noticed", 60
        )
        lifecycle.stable()
    assert lifecycle.differences() == []
    said = lifecycle.namespace.run("get", "puij,flinkdeployment,configmap", "-o", "yaml")
    for value in ("first", "second"):
        assert f"password-{value}" not in said
        assert base64.b64encode(f"password-{value}".encode()).decode() not in said


def put_secret(lifecycle: Lifecycle, value: str) -> None:
    """Cassandra asks for no password here: any will do."""
    lifecycle.namespace.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "lifecycle"},
            "stringData": {"username": "anybody", "password": f"password-{value}"},
        }
    )


@pytest.mark.parametrize("mode", ["savepoint", "last-state"])
def test_upgraded_with_its_state(lifecycle: Lifecycle, mode: str) -> None:
    lifecycle.patch(checkpoints={"storage": f"claim:{CLAIM}"}, upgrade={"mode": mode})
    assert lifecycle.stable()["lastCheckpoint"]["id"] >= 1
    with lifecycle.traffic():
        lifecycle.patch(restartNonce=1 if mode == "savepoint" else 2)
        status = lifecycle.stable()
    assert status["revisions"][-1]["number"] > 1
    if mode == "savepoint":
        assert status["lastSavepoint"]["location"].startswith("file:/")
    else:
        logs = lifecycle.namespace.run("logs", f"deployment/{NAMES[0]}")
        assert "Restoring job" in logs
    assert lifecycle.differences() == []


def test_a_savepoint_on_demand_and_a_deployment_from_it(lifecycle: Lifecycle) -> None:
    before = lifecycle.status()["lastSavepoint"]["location"]
    lifecycle.patch(savepoint={"triggerNonce": 1})

    def taken() -> str | None:
        location: str = lifecycle.status()["lastSavepoint"]["location"]
        return location if location != before else None

    path = eventually(taken, "the savepoint is in the status", 120)
    with lifecycle.traffic():
        lifecycle.patch(savepoint={"triggerNonce": 1, "restoreFrom": path, "redeployNonce": 1})
        deployment = lifecycle.namespace.get("flinkdeployment", NAMES[0])
        assert deployment is not None
        uid = deployment["metadata"]["uid"]
        eventually(
            lambda: (
                (found := lifecycle.namespace.get("flinkdeployment", NAMES[0]))
                and found["metadata"]["uid"] != uid
            ),
            "the deployment is another one",
            120,
        )
        lifecycle.stable()
    logs = lifecycle.namespace.run("logs", f"deployment/{NAMES[0]}")
    assert path.rpartition("/")[2] in logs
    assert lifecycle.differences() == []


def test_a_bad_image_is_rolled_back(lifecycle: Lifecycle) -> None:
    good = lifecycle.status()["image"]
    with lifecycle.traffic():
        lifecycle.patch(image="localhost/none:1", upgrade={"mode": "stateless", "deadline": "20s"})

        def rolled_back() -> bool:
            stalled = condition(lifecycle.namespace.get("puij", NAMES[0]), "Stalled")
            return (stalled.get("status"), stalled.get("reason")) == ("True", "UpgradeRolledBack")

        eventually(rolled_back, "it is rolled back", _MINUTES)
        said = condition(lifecycle.namespace.get("puij", NAMES[0]), "Stalled")["message"]
        assert "image localhost/none:1 cannot be pulled" in said
        eventually(
            lambda: (
                lifecycle.status().get("jobState") == "RUNNING"
                and lifecycle.status()["image"] == good
            ),
            "the last good revision runs",
            _MINUTES,
        )
        lifecycle.patch(image=None, upgrade={"mode": "stateless", "deadline": "10min"})
        lifecycle.stable()
    assert lifecycle.differences() == []
