"""A keyspace and a topic of a test's own: nothing is in them before, nothing is left of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cassandra.cluster import Session

from dev.cluster.demo.world import Kafka, open_cassandra, open_kafka


@contextmanager
def own_keyspace(name: str) -> Iterator[Session]:
    """A session with the server; the test, or the job, creates the keyspace."""
    with open_cassandra() as session:
        session.execute(f"DROP KEYSPACE IF EXISTS {name}")
        yield session
        session.execute(f"DROP KEYSPACE IF EXISTS {name}")


@contextmanager
def own_topic(name: str) -> Iterator[Kafka]:
    """The broker, with an empty topic of this name."""
    with open_kafka() as kafka:
        kafka.recreate(name)
        yield kafka
        kafka.delete(name)
