"""The fields of the configuration: what each takes, and what follows from it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.config.model import Cassandra, Config, KafkaSecurity
from tests.configuration import DOCUMENT, config


def read(section: str, name: str, value: Any) -> Any:
    """The section of a configuration that has this field on top."""
    parts = DOCUMENT | {section: DOCUMENT.get(section, {}) | {name: value}}
    return getattr(msgspec.convert(parts, Config), section)


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("kafka", "bootstrapServers", []),
        ("kafka", "bootstrapServers", ["k"]),
        ("kafka", "bootstrapServers", ["k:port"]),
        ("kafka", "bootstrapServers", ["k :1"]),
        ("kafka", "topic", ""),
        ("kafka", "additionalTopics", [""]),
        ("kafka", "startingOffsets", "newest"),
        ("kafka", "startingOffsets", "2023-01-12T06:30:56"),
        ("kafka", "startingOffsets", "2023-01-12T06:30:56.829Z"),
        ("kafka", "security", {"protocol": "TLS"}),
        ("kafka", "security", {"saslMechanism": "GSSAPI"}),
        ("cassandra", "contactPoints", []),
        ("cassandra", "keyspace", "1st"),
        ("cassandra", "table", "t; DROP TABLE t"),
        ("cassandra", "table", "t" * 49),
        ("cassandra", "layout", "wide"),
        ("cassandra", "consistencyLevel", "SERIAL"),
        ("cassandra", "ttl", -1),
        ("cassandra", "ttl", 630_720_001),
        ("cassandra", "deletes", True),
        ("writes", "inFlight", 0),
        ("writes", "batchRows", "200"),
        ("flink", "parallelism", 0),
    ],
)
def test_what_a_field_does_not_take_is_refused_by_its_path(
    section: str, name: str, value: Any
) -> None:
    with pytest.raises(msgspec.ValidationError, match=rf"`\$\.{section}\.{name}"):
        read(section, name, value)


@pytest.mark.parametrize(
    ("section", "name", "value", "attribute"),
    [
        ("kafka", "startingOffsets", "2023-01-12T06:30:56Z", "starting_offsets"),
        ("kafka", "additionalTopics", ["more"], "additional_topics"),
        ("cassandra", "contactPoints", ["10.0.0.1:9042"], "contact_points"),
        ("cassandra", "table", "T" * 48, "table"),
        ("cassandra", "ttl", 0, "ttl"),
        ("cassandra", "ttl", 630_720_000, "ttl"),
        ("writes", "giveUpAfter", 1, "give_up_after"),
        ("flink", "partitionDiscovery", 1, "partition_discovery"),
    ],
)
def test_what_a_field_takes(section: str, name: str, value: Any, attribute: str) -> None:
    assert getattr(read(section, name, value), attribute) == value


@given(st.lists(st.text(min_size=1), max_size=4))
def test_the_input_topics_are_the_topic_and_the_additional_ones(more: list[str]) -> None:
    assert config(additionalTopics=more).kafka.topics == ["t", *more]


@pytest.mark.parametrize(
    ("mechanism", "files"),
    [
        (None, ("username", "password")),
        ("PLAIN", ("username", "password")),
        ("SCRAM-SHA-512", ("username", "password")),
        ("OAUTHBEARER", ("clientId", "clientSecret")),
    ],
)
def test_the_mechanism_decides_which_files_hold_the_credentials(
    mechanism: Any, files: tuple[str, str]
) -> None:
    assert KafkaSecurity(sasl_mechanism=mechanism).credential_files == files


def test_servers_are_told_as_people_know_them() -> None:
    assert Cassandra(contact_points=["a:1", "b:2"]).servers == ["a:1", "b:2"]
    bundle = Cassandra(secure_connect_bundle_dir="/bundle")
    assert bundle.servers == ["the database of the secure connect bundle"]


def test_no_two_configurations_share_a_replication() -> None:
    one, other = Cassandra().schema, Cassandra(contact_points=["c:1"]).schema
    assert one.replication == {"class": "SimpleStrategy", "replication_factor": 1}
    assert msgspec.convert({}, type(one)).replication is not other.replication
