"""Kafka with SASL and mutual TLS, Cassandra with TLS and a password: reached by Secrets alone."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import msgspec
import pytest
from cassandra import InvalidRequest

from dev.cluster.demo.events import generate
from dev.cluster.demo.fold import Key
from dev.cluster.demo.world import NAMESPACE, read_rows
from dev.cluster.forward import port_forward
from program_user_info_job.config.model import Cassandra
from program_user_info_job.store.session import open_session
from tests.cluster import Namespace, Object, condition, eventually, job
from tests.e2e.fleet import MINUTES
from tests.e2e.secured import LOCAL_PORT, PASSWORD, TOPIC, prepare_kafka, security

pytestmark = pytest.mark.cluster
NAME = "secured"


def test_a_job_reaches_secured_servers_once_its_credentials_are_right(
    secured_servers: Path,
) -> None:
    namespace = Namespace(NAMESPACE)
    events = [event for event in generate(300, seed=31) if event.reason is None]
    with port_forward("pod/secured-kafka", NAMESPACE, LOCAL_PORT, LOCAL_PORT):
        prepare_kafka(event.payload for event in events)
        namespace.apply(secured_job())
        failing(namespace, "KafkaAuthenticationRefused")
        put_password(namespace, "secured-kafka", PASSWORD)
        failing(namespace, "CassandraAuthenticationRefused")
        put_password(namespace, "secured-cassandra", "cassandra")
        keys = {key(event.payload) for event in events}
        eventually(lambda: written(secured_servers) == keys, "all is written", MINUTES)
    said = namespace.run("get", "puij,flinkdeployment,configmap", "-o", "yaml")
    logs = namespace.flink_logs(NAME)
    assert PASSWORD not in said + logs
    namespace.run("delete", "puij", NAME, "--timeout=120s")


def secured_job() -> Object:
    return job(
        NAME,
        state="running",
        flink=None,
        kafka={
            "bootstrapServers": ["secured-kafka:9093"],
            "topic": TOPIC,
            "security": security("secured-kafka"),
        },
        cassandra={
            "contactPoints": ["secured-cassandra:9042"],
            "credentials": {"secretName": "secured-cassandra"},
            "tls": {"secretName": "secured-tls"},
        },
        upgrade={"rollback": False},
    )


def put_password(namespace: Namespace, name: str, password: str) -> None:
    """The controller sees it, and restarts the job."""
    patch = {"data": {"password": base64.b64encode(password.encode()).decode()}}
    namespace.run("patch", "secret", name, "-p", json.dumps(patch))


def failing(namespace: Namespace, reason: str) -> None:
    def is_said() -> bool:
        return condition(namespace.get("puij", NAME), "Ready").get("reason") == reason

    eventually(is_said, f"the job says {reason}", MINUTES)


def key(payload: bytes) -> Key:
    event = json.loads(payload)
    return event["programId"], event["userId"]


def written(folder: Path) -> set[Key]:
    """Keys of the rows, read as the job writes them: with its own session, TLS and password."""
    (folder / "username").write_text("cassandra")
    (folder / "password").write_text("cassandra")
    with port_forward("pod/secured-cassandra", NAMESPACE, 9042) as port:
        document = {
            "contactPoints": [f"127.0.0.1:{port}"],
            "localDatacenter": "datacenter1",
            "credentialsDir": str(folder),
            "tlsDir": str(folder),
        }
        with open_session(msgspec.convert(document, Cassandra), 30) as session:
            try:
                return set(read_rows(session, "sunbird_programs.program_enrollment"))
            except InvalidRequest:  # the job has yet to create it
                return set()
