"""What a job cannot reach or may not do: named within moments, still named ten minutes later.

The jobs wait, and try again; their pods may be replaced meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dev.cluster.demo.run import remove_jobs
from dev.cluster.demo.world import NAMESPACE, open_cassandra, open_kafka
from dev.cluster.target import kubectl
from tests.cluster import Namespace, Object, condition, eventually, job
from tests.e2e.fleet import MINUTES
from tests.e2e.secured import secret, security

# Other tests pass the ten minutes. Not earlier: releases that go in waves are not for these jobs.
pytestmark = [pytest.mark.cluster, pytest.mark.early(4)]
LATER = timedelta(minutes=10)
KEYSPACE = "unreachable"
TOPIC = "unreachable.events"


@dataclass(frozen=True)
class Stuck:
    """A job that cannot work: what is wrong, and the words that its condition must have."""

    name: str
    reason: str
    words: tuple[str, ...]
    kafka: Object
    cassandra: Object


JOBS = (
    Stuck(
        "stuck-broker",
        "KafkaUnreachable",
        ("kafka.bootstrapServers", "nobody:9092"),
        {"bootstrapServers": ["nobody:9092"]},
        {},
    ),
    Stuck(
        "stuck-cassandra",
        "CassandraUnreachable",
        ("cassandra.contactPoints", "nobody"),
        {},
        {"contactPoints": ["nobody:9042"]},
    ),
    Stuck(
        "stuck-password",
        "KafkaAuthenticationRefused",
        ("kafka.security", "correct username and password in the Secret"),
        {"bootstrapServers": ["secured-kafka:9093"], "security": security("stuck-password")},
        {},
    ),
    Stuck("stuck-table", "SchemaMismatch", (f"{KEYSPACE}.misfit",), {}, {"table": "misfit"}),
)


def spec(stuck: Stuck) -> Object:
    """Pinned, so that no release waits for it; with nothing to go back to."""
    kafka = {"bootstrapServers": ["kafka:9092"], "topic": TOPIC, "groupId": stuck.name}
    cassandra = {"contactPoints": ["cassandra:9042"], "keyspace": KEYSPACE}
    fields: dict[str, Any] = {
        "state": "running",
        "kafka": kafka | {"deadLetterTopic": f"{TOPIC}.failed"} | stuck.kafka,
        "cassandra": cassandra | stuck.cassandra,
        "upgrade": {"automatic": False},
    }
    return job(stuck.name, **fields)


@pytest.fixture(scope="session")
def namespace(secured_servers: Path) -> Iterator[Namespace]:
    """With all of the jobs in it."""
    namespace = Namespace(NAMESPACE)
    with open_kafka() as kafka, open_cassandra() as session:
        kafka.recreate(TOPIC)
        session.execute(f"DROP KEYSPACE IF EXISTS {KEYSPACE}")
        replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
        session.execute(f"CREATE KEYSPACE {KEYSPACE} WITH replication = {replication}")
        session.execute(f"CREATE TABLE {KEYSPACE}.misfit (program_id int PRIMARY KEY)")
    namespace.apply(secret("stuck-password", username=b"reader", password=b"wrong"))
    for stuck in JOBS:
        namespace.apply(spec(stuck))
    yield namespace
    remove_jobs(*(stuck.name for stuck in JOBS))


def said(namespace: Namespace, stuck: Stuck) -> str | None:
    """What the condition says once it has the right reason."""
    ready = condition(namespace.get("puij", stuck.name), "Ready")
    return ready["message"] if ready.get("reason") == stuck.reason else None


def assert_told(namespace: Namespace, stuck: Stuck, message: str) -> None:
    for words in stuck.words:
        assert words in message


@pytest.mark.parametrize("stuck", JOBS, ids=lambda stuck: stuck.name)
def test_the_condition_names_field_and_remedy(namespace: Namespace, stuck: Stuck) -> None:
    found = eventually(lambda: said(namespace, stuck), f"{stuck.name}: {stuck.reason}", MINUTES)
    assert_told(namespace, stuck, found)


@pytest.mark.last
@pytest.mark.parametrize("stuck", JOBS, ids=lambda stuck: stuck.name)
def test_ten_minutes_later_it_still_does(namespace: Namespace, stuck: Stuck) -> None:
    """At every check from the moment that it was said first, and in two Events at most."""
    found = namespace.get("puij", stuck.name)
    assert found is not None
    created = datetime.fromisoformat(found["metadata"]["creationTimestamp"])

    def is_time() -> bool:
        assert said(namespace, stuck) is not None, namespace.get("puij", stuck.name)
        return datetime.now(UTC) - created > LATER

    eventually(is_time, "ten minutes have passed", 2 * LATER.total_seconds(), at_most=5.0)
    assert_told(namespace, stuck, said(namespace, stuck) or "")
    assert len(events(found["metadata"]["uid"])) <= 2


def events(uid: str) -> list[str]:
    """Reasons of the Events about this very job, and no earlier one of its name."""
    selector = f"involvedObject.uid={uid}"
    answer = kubectl("get", "events", "-n", NAMESPACE, "--field-selector", selector, "-o", "json")
    return [each["reason"] for each in json.loads(answer)["items"]]
