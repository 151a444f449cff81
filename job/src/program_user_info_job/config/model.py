"""The configuration file as types. The controller renders it, a developer may write it by hand.

It passes between releases in both directions: a new field has a default, no field is renamed, and
none gets another meaning.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

NonEmpty = Annotated[str, Meta(min_length=1)]
Identifier = Annotated[str, Meta(pattern=r"^[a-zA-Z][a-zA-Z0-9_]{0,47}$")]
Positive = Annotated[int, Meta(ge=1)]
_START = r"^(committed|earliest|latest|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$"
HostPort = Annotated[str, Meta(pattern=r"^[^:\s]+:[0-9]{1,5}$")]


class _Section(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Fields that it does not know are ignored: see `config.load`."""


class KafkaSecurity(_Section, frozen=True):
    """How the brokers are reached; secrets are directories with the files of a mounted Secret.

    `credentials_dir` holds `username` and `password`, or `clientId` and `clientSecret` with
    OAUTHBEARER; `tls_dir` holds `ca.crt` and, for mutual TLS, `tls.crt` and `tls.key`.
    """

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = None
    token_endpoint: NonEmpty | None = None
    token_scope: NonEmpty | None = None
    credentials_dir: str | None = None
    tls_dir: str | None = None
    verify_host_names: bool = True

    @property
    def credential_files(self) -> tuple[str, str]:
        """Names of the files in `credentials_dir`: who asks, and the secret."""
        oauth = self.sasl_mechanism == "OAUTHBEARER"
        return ("clientId", "clientSecret") if oauth else ("username", "password")


class Kafka(_Section, frozen=True):
    """Where events come from and where dead letters go.

    `starting_offsets`: committed (else earliest), earliest, latest, or a UTC time to the second.
    `client_options` are for Kafka's Java client alone; see `config.client_options`.
    """

    bootstrap_servers: Annotated[list[HostPort], Meta(min_length=1)]
    topic: NonEmpty
    group_id: NonEmpty
    dead_letter_topic: NonEmpty
    additional_topics: list[NonEmpty] = []
    starting_offsets: Annotated[str, Meta(pattern=_START)] = "committed"
    security: KafkaSecurity = KafkaSecurity()
    client_options: dict[str, str] = {}

    @property
    def topics(self) -> list[str]:
        """Every input topic."""
        return [self.topic, *self.additional_topics]


class Schema(_Section, frozen=True):
    """Whether the job creates the keyspace and the table, and with which replication."""

    manage: bool = True
    replication: dict[str, Any] = msgspec.field(
        default_factory=lambda: {"class": "SimpleStrategy", "replication_factor": 1}
    )


class Cassandra(_Section, frozen=True):
    """Where rows go.

    `secure_connect_bundle_dir` holds `secure-connect-bundle.zip`, which takes the place of contact
    points, data centre and `tls_dir`.
    """

    contact_points: Annotated[list[HostPort], Meta(min_length=1)] | None = None
    local_datacenter: NonEmpty | None = None
    secure_connect_bundle_dir: str | None = None
    keyspace: Identifier = "sunbird_programs"
    table: Identifier = "program_enrollment"
    layout: Literal["flat", "map"] = "flat"
    consistency_level: Literal[
        "ANY", "ONE", "TWO", "THREE", "QUORUM", "ALL", "LOCAL_QUORUM", "EACH_QUORUM", "LOCAL_ONE"
    ] = "LOCAL_QUORUM"
    ttl: Annotated[int, Meta(ge=0, le=630_720_000)] | None = None
    deletes: Literal["ignore", "apply"] = "ignore"
    missing_profile: Literal["reject", "write"] = "reject"
    schema: Schema = Schema()
    credentials_dir: str | None = None
    tls_dir: str | None = None
    verify_host_names: bool = False

    @property
    def servers(self) -> list[str]:
        """What people know them by."""
        return self.contact_points or ["the database of the secure connect bundle"]


class Writes(_Section, frozen=True):
    """Limits of the write stage: sizes in rows and bytes, times in seconds."""

    batch_rows: Positive = 200
    batch_bytes: Positive = 262_144
    in_flight: Positive = 64
    request_timeout: Positive = 10
    give_up_after: Positive = 300
    future_bound: Positive = 86_400


class Flink(_Section, frozen=True):
    """Arrow batch in records and bytes, bundle time and checkpoint interval in milliseconds.

    Flink looks at the clock once per bundle time, so an event may wait for two of them.
    Flink itself knows no bytes: `pipeline.arrow_batch` fits the limits in records to them.
    `partition_discovery`: interval of the check for new partitions, in milliseconds.
    """

    arrow_batch: Positive = 20_000
    arrow_batch_bytes: Positive = 24 << 20
    bundle_records: Positive = 40_000
    bundle_time: Positive = 500
    checkpoint_interval: Positive = 10_000
    partition_discovery: Positive = 60_000
    parallelism: Positive | None = None


class Config(_Section, frozen=True):
    """One job in one environment."""

    environment: NonEmpty
    kafka: Kafka
    cassandra: Cassandra
    writes: Writes = Writes()
    flink: Flink = Flink()
