"""Fixtures for tests against the real API server, Kafka and Cassandra."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from dev.cluster import registry
from dev.paths import REPOSITORY
from tests.cluster import Namespace, temporary_namespace


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    with temporary_namespace("integration") as created:
        yield created


@pytest.fixture(scope="session")
def published() -> Iterator[str]:
    """The place in a registry that `make publish` has published to."""
    with registry.running() as address:
        place = f"{address}/sunbird"
        publish(place)
        yield place


def publish(place: str, *options: str) -> str:
    """What `make publish` says; raises with its messages."""
    done = subprocess.run(
        ["make", "publish", f"REGISTRY={place}", *options],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
