"""`kubectl puij job` on the real cluster: by a person who may edit, in a restricted namespace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from confluent_kafka import Producer

from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.demo.world import Kafka, open_kafka
from dev.cluster.target import kubeconfig, kubectl, kubectl_path
from dev.paths import REPOSITORY
from tests.cluster import Namespace, eventually, job, settled, temporary_namespace

pytestmark = pytest.mark.cluster

NAME = "asked"
TOPIC = f"integration.asked-{uuid.uuid4().hex[:6]}"
FAILED = f"{TOPIC}.failed"
LETTERS = 3
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"

Puij = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def kafka() -> Iterator[Kafka]:
    """A topic and its dead letters."""
    with open_kafka() as opened:
        opened.recreate(TOPIC, FAILED)
        producer = Producer({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}"})
        for number in range(LETTERS):
            headers = {
                "reason": "INVALID_JSON",
                "detail": "-",
                "source-topic": TOPIC,
                "source-partition": "0",
                "source-offset": str(number),
                "source-timestamp": "2026-01-01T00:00:00.000Z",
            }
            producer.produce(FAILED, f"event {number}", headers=list(headers.items()))
        assert producer.flush(30) == 0
        yield opened
        opened.delete(TOPIC, FAILED)


@pytest.fixture(scope="module")
def namespace(kafka: Kafka) -> Iterator[Namespace]:
    """A restricted one with a job that is suspended: no pod runs."""
    with temporary_namespace("asked") as created:
        kubectl("label", "namespace", created.name, RESTRICTED)
        created.run("create", "serviceaccount", "program-user-info-job")
        servers = {"bootstrapServers": ["kafka.sunbird-dev:9092"]}
        created.apply(
            job(
                NAME,
                kafka=servers | {"topic": TOPIC, "groupId": NAME, "deadLetterTopic": FAILED},
                cassandra={"contactPoints": ["cassandra.sunbird-dev:9042"], "keyspace": "asked"},
            )
        )
        settled(created, NAME)
        yield created


@pytest.fixture(scope="module")
def person(namespace: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kubeconfig of somebody who has Kubernetes' role `edit` in the namespace, and no more."""
    namespace.run("create", "serviceaccount", "person")
    namespace.run(
        *("create", "rolebinding", "person", "--clusterrole=edit"),
        f"--serviceaccount={namespace.name}:person",
    )
    token = namespace.run("create", "token", "person").strip()
    document = yaml.safe_load(kubeconfig().read_text())
    document["users"][0]["user"] = {"token": token}
    file = tmp_path_factory.mktemp("person") / "kubeconfig"
    file.write_text(yaml.safe_dump(document))
    return file


@pytest.fixture
def puij(namespace: Namespace, person: Path) -> Puij:
    """Starts the plugin as kubectl does."""
    folders = [REPOSITORY / ".venv" / "bin", Path(kubectl_path()).parent, os.environ["PATH"]]
    environment = os.environ | {"PATH": ":".join(map(str, folders)), "KUBECONFIG": str(person)}

    def start(*arguments: str, stdin: int | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [kubectl_path(), "puij", *arguments[:2], "-n", namespace.name, *arguments[2:]],
            env=environment,
            text=True,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return start


@contextmanager
def nothing_left(namespace: Namespace) -> Iterator[None]:
    """Afterwards there is neither a Job nor a pod."""
    yield
    eventually(
        lambda: not json.loads(namespace.run("get", "jobs,pods", "-o", "json"))["items"],
        "Job and pod are gone",
    )


def test_dead_letters_and_a_dry_run_of_replay(puij: Puij, namespace: Namespace) -> None:
    with nothing_left(namespace):
        out, said = (counting := puij("dead-letters", NAME)).communicate(timeout=240)
        assert counting.returncode == 0, said
        assert f"INVALID_JSON {TOPIC} 2026-01-01 {LETTERS}\n" in out
        command = puij("job", NAME, "--", "replay", "--dry-run")
        out, said = command.communicate(timeout=240)
        assert command.returncode == 0, said
        assert "INVALID_JSON 3\n" in out
        assert f"3 events would be sent to {TOPIC}\n" in out


def test_the_exit_status_is_the_commands(puij: Puij, namespace: Namespace) -> None:
    with nothing_left(namespace):
        command = puij("job", NAME, "--", "verify", "--against", "none")
        out, said = command.communicate(timeout=240)
    assert command.returncode == 2, said
    assert "error: " in out
    assert said == ""


def test_standard_input_reaches_the_command(puij: Puij, namespace: Namespace, kafka: Kafka) -> None:
    before = len(kafka.records(TOPIC))
    with nothing_left(namespace):
        command = puij("job", NAME, "--stdin", "--", "produce", stdin=subprocess.PIPE)
        out, said = command.communicate('{"programId": "p"}\n' * 5, timeout=240)
        assert command.returncode == 0, said
    assert f"5 events sent to {TOPIC}" in out
    assert len(kafka.records(TOPIC)) == before + 5


def test_an_interruption_removes_the_pod(puij: Puij, namespace: Namespace) -> None:
    with nothing_left(namespace):
        # It waits for what to send.
        command = puij("job", NAME, "--stdin", "--", "produce", stdin=subprocess.PIPE)
        eventually(lambda: "Running" in namespace.run("get", "pods"), "the pod runs", timeout=240)
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=60)
        assert command.returncode == 130
