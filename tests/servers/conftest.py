"""The broker, and topics of a test's own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import msgspec
import pytest

from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.demo.world import Kafka, open_kafka
from program_user_info_job.config import model
from tests.servers.topics import Configure


@pytest.fixture(scope="module")
def kafka() -> Iterator[Kafka]:
    with open_kafka() as opened:
        yield opened


@pytest.fixture
def configure(kafka: Kafka) -> Iterator[Configure]:
    """A configuration of a topic of one's own, which is there and empty."""
    topic = f"integration.{uuid.uuid4().hex[:8]}"
    kafka.recreate(topic)

    def build(**fields: object) -> model.Kafka:
        document = {
            "bootstrapServers": [f"127.0.0.1:{KAFKA_PORT}"],
            "topic": topic,
            "groupId": f"{topic}-group",
            "deadLetterTopic": f"{topic}.failed",
        }
        return msgspec.convert(document | fields, model.Kafka)

    yield build
    kafka.delete(topic, f"{topic}.failed")
