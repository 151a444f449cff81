"""A running job, fed by the demo's generator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from dev.demo.events import Generated, demo_events
from dev.demo.run import JOB, JOB_FILE, TOPIC, clean, wait_for_ready
from dev.demo.world import NAMESPACE, Kafka, open_kafka
from tests.cluster import Namespace


@dataclass(frozen=True)
class Running:
    """A Ready job and the Kafka that it reads."""

    name: str
    topic: str
    kafka: Kafka
    namespace: Namespace
    events: list[Generated]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with open_kafka() as kafka:
        clean(kafka)
        namespace = Namespace(NAMESPACE)
        namespace.run("apply", "-f", str(JOB_FILE))
        wait_for_ready(JOB)
        yield Running(JOB, TOPIC, kafka, namespace, list(demo_events(4000, seed=11)))
