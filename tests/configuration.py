"""The job's configuration file, for tests that run parts of the job themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import yaml

from program_user_info_job.config.model import Config

Document = dict[str, Any]

DOCUMENT: Document = {
    "environment": "dev",
    "kafka": {
        "bootstrapServers": ["a:1", "b:2"],
        "topic": "t",
        "groupId": "g",
        "deadLetterTopic": "t.failed",
    },
    "cassandra": {"contactPoints": ["c:9042"], "localDatacenter": "dc"},
}
"""The least that a configuration may hold."""


def document(address: str, keyspace: str, /, **sections: Document) -> Document:
    """A complete one for Cassandra at `host:port`; what the sections hold is on top."""
    defaults: Document = {
        "environment": "test",
        "kafka": {
            "bootstrapServers": ["kafka:9092"],
            "topic": "test.events",
            "groupId": "test",
            "deadLetterTopic": "test.events.failed",
        },
        "cassandra": {
            "contactPoints": [address],
            "localDatacenter": "datacenter1",
            "keyspace": keyspace,
            "consistencyLevel": "ONE",
        },
    }
    return defaults | {name: defaults.get(name, {}) | part for name, part in sections.items()}


def write(file: Path, configuration: Document) -> Path:
    """Where the job is told to find it."""
    file.write_text(yaml.safe_dump(configuration), encoding="utf-8")
    return file


def config(**kafka: Any) -> Config:
    """The configuration, with these fields of its section `kafka`."""
    return msgspec.convert(DOCUMENT | {"kafka": DOCUMENT["kafka"] | kafka}, Config)
