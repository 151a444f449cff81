"""Several jobs on one topic, the events that flow to them, and where they keep their state."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import boto3
from botocore.exceptions import EndpointConnectionError
from confluent_kafka import Producer

from dev.cluster.addresses import KAFKA_PORT, NODE_IP
from dev.cluster.demo.events import Generated, demo_events
from dev.cluster.demo.run import compare, remove_jobs
from dev.cluster.demo.world import NAMESPACE, Kafka, open_cassandra, read_rows
from dev.cluster.processes import end
from dev.cluster.target import kubectl
from dev.paths import STATE
from tests.cluster import Namespace, condition, eventually, job
from tests.e2e.secured import secret

CLAIM = "lifecycle"
FOLDER = STATE / "lifecycle"
"""The claim's volume, as the node sees it."""
BUCKET = "lifecycle"
MINUTES = 300.0
_S3_PORT = 19000

Object = dict[str, Any]


class Fleet:
    """The jobs and the events that they have been sent; each has a group and a table of its own."""

    def __init__(self, kafka: Kafka, *names: str) -> None:
        self.kafka, self.names, self.secret = kafka, names, names[0]
        self.topic, self._keyspace = f"{names[0]}.events", names[0].replace("-", "_")
        self.namespace = Namespace(NAMESPACE)
        self._source = demo_events(200_000, seed=23)
        self._sent: list[Generated] = []
        self._producer = Producer({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}"})

    def apply(self, name: str, *, has_secret: bool = False, **spec: Any) -> None:
        """Create a running job with a group and a table of its own."""
        table = name.replace("-", "_")
        credentials = {"credentials": {"secretName": self.secret}} if has_secret else {}
        defaults = {
            "state": "running",
            "checkpoints": {"interval": "5s"},
            "kafka": {"bootstrapServers": ["kafka:9092"], "topic": self.topic, "groupId": name},
            "cassandra": {
                "contactPoints": ["cassandra:9042"],
                "keyspace": self._keyspace,
                "table": table,
            }
            | credentials,
        }
        self.namespace.apply(job(name, **(defaults | spec)))

    def put_secret(self, password: str) -> None:
        """Write the Secret. Cassandra asks for no password here: any will do."""
        self.namespace.apply(secret(self.secret, username=b"anybody", password=password.encode()))

    def patch(self, name: str | None = None, **spec: Any) -> None:
        """Change the job's spec."""
        patch = json.dumps({"spec": spec})
        self.namespace.run("patch", "puij", name or self.names[0], "--type=merge", "-p", patch)

    def status(self, name: str | None = None) -> Object:
        """The job's status."""
        status: Object = (self.namespace.get("puij", name or self.names[0]) or {}).get(
            "status"
        ) or {}
        return status

    def statuses(self) -> dict[str, Object]:
        """The statuses of all jobs at one moment: of a list, for names would be got singly."""
        listed = json.loads(self.namespace.run("get", "puij", "-o", "json"))["items"]
        statuses = {each["metadata"]["name"]: each["status"] for each in listed}
        return {name: statuses[name] for name in self.names}

    def stable(self, name: str | None = None, reason: str = "Running") -> Object:
        """Wait until the current spec is Ready, and good if it runs."""
        name = name or self.names[0]

        def probe() -> bool:
            found = self.namespace.get("puij", name)
            ready = condition(found, "Ready")
            newest = ((found or {}).get("status", {}).get("revisions") or [{}])[-1]
            return (
                (ready.get("status"), ready.get("reason")) == ("True", reason)
                and ready["observedGeneration"] == found["metadata"]["generation"]  # type: ignore[index]
                and (reason != "Running" or newest.get("outcome") == "Stable")
            )

        eventually(probe, f"{name} is {reason}: {self.status(name).get('conditions')}", MINUTES)
        return self.status(name)

    def send(self, count: int) -> None:
        """Send some of the events."""
        for event in islice(self._source, count):
            self._sent.append(event)
            self._producer.produce(self.topic, event.payload)
        assert self._producer.flush(120) == 0

    @contextmanager
    def traffic(self, per_second: int = 25) -> Iterator[None]:
        """Events flow meanwhile."""
        over = threading.Event()

        def flow() -> None:
            while not over.wait(0.2):
                self.send(per_second // 5)

        thread = threading.Thread(target=flow)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def differences(self, name: str | None = None) -> list[str]:
        """The table and the dead letters against the fold of the topic, once all is read."""
        name = name or self.names[0]
        self.kafka.wait_for_commit(self.topic, name)
        rejected = {event.payload: event.reason for event in self._sent if event.reason}
        with open_cassandra() as session:
            found = read_rows(session, f"{self._keyspace}.{name.replace('-', '_')}")
        assert len(found) > 50
        return compare(self.kafka, rejected, found, self.topic).problems

    def lag(self) -> int:
        """Events that the first job has yet to commit."""
        return self.kafka.lag(self.topic, self.names[0])

    def prepare(self) -> None:
        """Begin with nothing."""
        self.remove()
        for name in self.names:
            self.kafka.delete_group(name)
        self.kafka.recreate(self.topic)
        self.kafka.delete(f"{self.topic}.failed")
        with open_cassandra() as session:
            session.execute(f"DROP KEYSPACE IF EXISTS {self._keyspace}")

    def remove(self) -> None:
        """Remove the jobs, their pods and their Secret."""
        remove_jobs(*self.names)
        kubectl("delete", "secret", self.secret, "-n", NAMESPACE, "--ignore-not-found")


@contextmanager
def open_fleet(kafka: Kafka, *names: str, password: str | None = None) -> Iterator[Fleet]:
    """Jobs of these names, running, with this password for Cassandra if any; gone afterwards."""
    fleet = Fleet(kafka, *names)
    fleet.prepare()
    if password is not None:
        fleet.put_secret(password)
    for name in names:
        fleet.apply(name, has_secret=password is not None)
    fleet.send(500)
    for name in names:
        fleet.stable(name)
    yield fleet
    fleet.remove()


@contextmanager
def claim() -> Iterator[None]:
    """A volume for checkpoints and savepoints, on the node's disk."""
    FOLDER.mkdir(exist_ok=True)
    FOLDER.chmod(0o777)  # the pods are another user; on a real volume fsGroup sees to it
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": CLAIM},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteMany"],
            "storageClassName": CLAIM,
            "hostPath": {"path": str(FOLDER), "type": "Directory"},
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
        shutil.rmtree(FOLDER, ignore_errors=True)


@contextmanager
def object_store(secret_name: str) -> Iterator[Object]:
    """An S3 server on the node, with a bucket; yields the spec of a job that keeps its state there.

    The keys reach Flink as environment variables from this Secret, in no object but that.
    """
    address = f"http://{NODE_IP}:{_S3_PORT}"
    command = [sys.executable, "-m", "moto.server", "-H", NODE_IP, "-p", str(_S3_PORT)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        client = boto3.client(
            "s3",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id="anybody",
            aws_secret_access_key="anything",
        )

        def made() -> bool:
            try:
                client.create_bucket(Bucket=BUCKET)
            except EndpointConnectionError:
                return False
            return True

        eventually(made, "the S3 server answers")
        keys = {"AWS_ACCESS_KEY_ID": "username", "AWS_SECRET_ACCESS_KEY": "password"}
        variables = [
            {"name": name, "valueFrom": {"secretKeyRef": {"name": secret_name, "key": key}}}
            for name, key in keys.items()
        ]
        container = {"name": "flink-main-container", "env": variables}
        yield {
            "checkpoints": {"storage": f"s3://{BUCKET}/state"},
            "flink": {
                "configuration": {"s3.endpoint": address, "s3.path.style.access": "true"},
                "podTemplate": {"spec": {"containers": [container]}},
            },
        }
    finally:
        end(server)
