"""Fixtures for tests against the real API server, Kafka and Cassandra."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster import Namespace, temporary_namespace


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    with temporary_namespace("integration") as created:
        yield created
