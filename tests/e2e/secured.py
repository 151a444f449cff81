"""Kafka with SASL and mutual TLS, Cassandra with TLS and a password, beside the ones without."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import (
    AdminClient,
    NewTopic,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from dev.cluster.demo.world import NAMESPACE
from dev.cluster.target import kubectl
from dev.paths import DEV
from dev.steps import capture
from tests.certificates import make_certificates
from tests.cluster import Namespace, Object, eventually

TOPIC = "secured.events"
PASSWORD = "correct-horse"
LOCAL_PORT = 29092

KAFKA = f"""
listeners=LOCAL://:{LOCAL_PORT},CLIENT://:9093,CONTROLLER://127.0.0.1:9094
advertised.listeners=LOCAL://127.0.0.1:{LOCAL_PORT},CLIENT://secured-kafka:9093
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


def make_server_files(folder: Path) -> None:
    """The certificates, and the servers' own as they read it."""
    make_certificates(folder, "DNS:secured-kafka", "DNS:secured-cassandra")
    key, certificate = folder / "server.key", folder / "server.crt"
    (folder / "server.pem").write_text(key.read_text() + certificate.read_text())
    export = ("openssl", "pkcs12", "-export", "-passout", "pass:changeit", "-name", "server")
    capture([*export, "-inkey", key, "-in", certificate, "-out", folder / "server.p12"])


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
    make_server_files(folder)
    images = DEV / "release" / "images"
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
        *server("kafka", "server.properties", 9093, LOCAL_PORT),
        *server("cassandra", "cassandra.yaml", 9042),
    ]
    try:
        for each in objects:
            namespace.apply(each)
        pods = ("pod/secured-kafka", "pod/secured-cassandra")
        namespace.run("wait", *pods, "--for=condition=Ready", "--timeout=120s")
        yield
    finally:
        for each in objects:
            name = f"{each['kind'].lower()}/{each['metadata']['name']}"
            namespace.run("delete", name, "--ignore-not-found", "--wait=false")


def security(credentials: str) -> Object:
    """`kafka.security` of a job that reaches this Kafka with the Secret's password."""
    return {
        "protocol": "SASL_SSL",
        "saslMechanism": "SCRAM-SHA-512",
        "credentials": {"secretName": credentials},
        "tls": {"secretName": "secured-tls"},
    }


def prepare_kafka(payloads: Iterator[bytes]) -> None:
    """The user, the topic and the events."""
    properties = {"bootstrap.servers": f"127.0.0.1:{LOCAL_PORT}", "log_level": "0"}
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
