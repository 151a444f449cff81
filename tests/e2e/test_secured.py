"""Kafka with SASL and mutual TLS, Cassandra with TLS and a password: reached by Secrets alone."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from cassandra import InvalidRequest
from confluent_kafka import Producer
from confluent_kafka.admin import (
    AdminClient,
    NewTopic,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from dev.cluster.target import kubectl
from dev.demo.events import generate
from dev.demo.fold import Key
from dev.demo.world import NAMESPACE, read_rows
from dev.forward import port_forward
from dev.paths import DEV
from dev.steps import capture
from program_user_info_job.config.model import Cassandra
from program_user_info_job.store.session import open_session
from tests.cluster import Namespace, Object, condition, eventually, job

pytestmark = pytest.mark.cluster

NAME, TOPIC = "secured", "secured.events"
PASSWORD = "correct-horse"
_LOCAL_PORT = 29092
_MINUTES = 300.0

KAFKA = f"""
listeners=LOCAL://:{_LOCAL_PORT},CLIENT://:9093,CONTROLLER://127.0.0.1:9094
advertised.listeners=LOCAL://127.0.0.1:{_LOCAL_PORT},CLIENT://secured-kafka:9093
listener.security.protocol.map=CONTROLLER:PLAINTEXT,LOCAL:PLAINTEXT,CLIENT:SASL_SSL
inter.broker.listener.name=LOCAL
controller.quorum.voters=1@127.0.0.1:9094
listener.name.client.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.client.scram-sha-512.sasl.jaas.config=\\
  org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.client.ssl.client.auth=required
listener.name.client.ssl.keystore.type=PEM
listener.name.client.ssl.keystore.location=/tls/server.pem
listener.name.client.ssl.truststore.type=PEM
listener.name.client.ssl.truststore.location=/tls/ca.crt
"""
CASSANDRA = """
authenticator: PasswordAuthenticator
client_encryption_options:
  enabled: true
  keystore: /tls/server.p12
  keystore_password: changeit
  store_type: PKCS12
"""


def make_certificates(folder: Path) -> None:
    """An authority, a certificate for both servers, and one for the job."""

    def certificate(name: str, *options: str | Path) -> None:
        files = ("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt")
        command = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
        capture([*command, "-subj", f"/CN={name}", *files, *options])

    certificate("ca")
    signed = ("-CA", folder / "ca.crt", "-CAkey", folder / "ca.key")
    certificate(
        "server", *signed, "-addext", "subjectAltName=DNS:secured-kafka,DNS:secured-cassandra"
    )
    certificate("client", *signed)
    key, certificate_ = folder / "server.key", folder / "server.crt"
    (folder / "server.pem").write_text(key.read_text() + certificate_.read_text())
    export = ("openssl", "pkcs12", "-export", "-passout", "pass:changeit", "-name", "server")
    capture([*export, "-inkey", key, "-in", certificate_, "-out", folder / "server.p12"])


def secret(name: str, **files: bytes) -> Object:
    data = {key: base64.b64encode(text).decode() for key, text in files.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}


def server(kind: str, file: str, *ports: int) -> list[Object]:
    """A second server of the kind: the first one's pod with another configuration."""
    found = json.loads(kubectl("get", "statefulset", kind, "-n", NAMESPACE, "-o", "json"))
    spec = found["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    name = f"secured-{kind}"
    container["readinessProbe"]["tcpSocket"]["port"] = ports[0]
    container["volumeMounts"] += [
        {"name": "configuration", "mountPath": f"/opt/{kind}/{file}", "subPath": file},
        {"name": "tls", "mountPath": "/tls"},
    ]
    spec["volumes"] += [
        {"name": "configuration", "secret": {"secretName": "secured-configuration"}},
        {"name": "tls", "secret": {"secretName": "secured-servers"}},
    ]
    service = {
        "selector": {"app": name},
        "ports": [{"port": port, "name": f"p{port}"} for port in ports],
    }
    metadata = {"name": name, "labels": {"app": name}}
    return [
        {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service},
    ]


@contextmanager
def servers(namespace: Namespace, folder: Path) -> Iterator[None]:
    """Both, with their Secrets; gone afterwards."""
    make_certificates(folder)
    images = DEV / "images"
    kafka = (images / "kafka" / "server.properties").read_text()
    cassandra = (images / "cassandra" / "cassandra.yaml").read_text()
    cassandra = cassandra.replace("authenticator: AllowAllAuthenticator", CASSANDRA)
    files = {name: (folder / name).read_bytes() for name in ("ca.crt", "server.pem", "server.p12")}
    objects = [
        secret(
            "secured-configuration",
            **{
                "server.properties": f"{kafka}\n{KAFKA}".encode(),
                "cassandra.yaml": cassandra.encode(),
            },
        ),
        secret("secured-servers", **files),
        secret(
            "secured-tls",
            **{
                "ca.crt": files["ca.crt"],
                "tls.crt": (folder / "client.crt").read_bytes(),
                "tls.key": (folder / "client.key").read_bytes(),
            },
        ),
        secret("secured-kafka", username=b"reader", password=b"wrong"),
        secret("secured-cassandra", username=b"cassandra", password=b"wrong"),
        *server("kafka", "server.properties", 9093, _LOCAL_PORT),
        *server("cassandra", "cassandra.yaml", 9042),
    ]
    try:
        for each in objects:
            namespace.apply(each)
        yield
    finally:
        namespace.run("delete", "puij", NAME, "--ignore-not-found", "--timeout=120s")
        for each in objects:
            name = f"{each['kind'].lower()}/{each['metadata']['name']}"
            namespace.run("delete", name, "--ignore-not-found", "--wait=false")


def test_a_job_reaches_secured_servers_once_its_credentials_are_right(tmp_path: Path) -> None:
    namespace = Namespace(NAMESPACE)
    events = [event for event in generate(300, seed=31) if event.reason is None]
    with servers(namespace, tmp_path):
        pod = ("pod/secured-kafka", "pod/secured-cassandra")
        namespace.run("wait", *pod, "--for=condition=Ready", "--timeout=120s")
        with port_forward("pod/secured-kafka", NAMESPACE, _LOCAL_PORT, _LOCAL_PORT):
            prepare_kafka(event.payload for event in events)
            namespace.apply(secured_job())
            failing(namespace, "KafkaAuthenticationRefused")
            put_password(namespace, "secured-kafka", PASSWORD)
            failing(namespace, "CassandraAuthenticationRefused")
            put_password(namespace, "secured-cassandra", "cassandra")
            keys = {key(event.payload) for event in events}
            eventually(lambda: written(tmp_path) == keys, "all is written", _MINUTES)
        said = namespace.run("get", "puij,flinkdeployment,configmap", "-o", "yaml")
        logs = namespace.run("logs", f"deployment/{NAME}")
        assert PASSWORD not in said + logs


def prepare_kafka(payloads: Iterator[bytes]) -> None:
    """The user, the topic and the events."""
    properties = {"bootstrap.servers": f"127.0.0.1:{_LOCAL_PORT}", "log_level": "0"}
    admin = AdminClient(properties)

    def answers() -> bool:
        try:
            return bool(admin.list_topics(timeout=2).brokers)
        except Exception:  # noqa: BLE001 - it starts
            return False

    eventually(answers, "Kafka answers")
    mechanism = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    user = UserScramCredentialUpsertion("reader", mechanism, PASSWORD.encode())
    admin.alter_user_scram_credentials([user])["reader"].result(30)
    admin.create_topics([NewTopic(TOPIC, num_partitions=2)])[TOPIC].result(30)
    producer = Producer(properties)
    for payload in payloads:
        producer.produce(TOPIC, payload)
    assert producer.flush(60) == 0


def secured_job() -> Object:
    return job(
        NAME,
        state="running",
        flink=None,
        kafka={
            "bootstrapServers": ["secured-kafka:9093"],
            "topic": TOPIC,
            "security": {
                "protocol": "SASL_SSL",
                "saslMechanism": "SCRAM-SHA-512",
                "credentials": {"secretName": "secured-kafka"},
                "tls": {"secretName": "secured-tls"},
            },
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

    eventually(is_said, f"the job says {reason}", _MINUTES)


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
