"""A running job, fed by the demo's generator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dev.cluster.demo.events import Generated, demo_events
from dev.cluster.demo.run import JOB, JOB_FILE, TOPIC, clean, wait_for_ready
from dev.cluster.demo.world import NAMESPACE, Kafka, open_kafka
from tests.cluster import Namespace
from tests.conftest import RAN_ON
from tests.e2e.operators import known_flinks, running_flinks, running_release
from tests.e2e.secured import servers


@dataclass(frozen=True)
class Running:
    """A Ready job and the Kafka that it reads."""

    name: str
    topic: str
    kafka: Kafka
    namespace: Namespace
    events: list[Generated]


@pytest.fixture(autouse=True)
def _told_in_the_summary(request: pytest.FixtureRequest) -> Iterator[None]:
    """Which Flink operator and which Flink the test ran on."""
    yield
    flinks = ", ".join(running_flinks()) or "none"
    told = f"Flink operator {running_release()}, Flink {flinks}"
    request.node.user_properties.append((RAN_ON, told))


@pytest.fixture
def flink_2() -> None:
    """For tests that need a Flink operator that runs Flink 2."""
    if "v2_2" not in known_flinks():
        pytest.skip("this Flink operator knows no Flink 2 (see the README)")


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with open_kafka() as kafka:
        clean(kafka)
        namespace = Namespace(NAMESPACE)
        namespace.run("apply", "-f", str(JOB_FILE))
        wait_for_ready(JOB)
        yield Running(JOB, TOPIC, kafka, namespace, list(demo_events(4000, seed=11)))


@pytest.fixture(scope="session")
def secured_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Servers that ask for passwords and certificates; the folder with those of a client."""
    folder = tmp_path_factory.mktemp("secured")
    with servers(Namespace(NAMESPACE), folder):
        yield folder
