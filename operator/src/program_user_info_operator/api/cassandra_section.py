"""`spec.cassandra` and `spec.writes`: where rows go, and the limits of the write stage."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo

from program_user_info_operator.api.checks import Rule, cel
from program_user_info_operator.api.scalars import (
    Duration,
    HostPort,
    Identifier,
    WholeSeconds,
)
from program_user_info_operator.api.section import SecretReference, Section

_NEEDS_CLASS = "needs class, such as NetworkTopologyStrategy"
_IN_THE_BUNDLE = ("contactPoints", "localDatacenter", "tls")
"""Fields that a secure connect bundle takes the place of."""


def _needs_class(replication: dict[str, int | str]) -> dict[str, int | str]:
    if "class" not in replication:
        raise ValueError(_NEEDS_CLASS)
    return replication


def _not_beside_a_bundle(value: Any, info: ValidationInfo) -> Any:
    if value is not None and info.data.get("secure_connect_bundle") is not None:
        raise ValueError(
            "must be absent with cassandra.secureConnectBundle, which provides it; remove one of"
            " the two, or list the profile's in unset"
        )
    return value


class CassandraSchema(Section):
    """Whether the job creates keyspace and table, and how they are replicated."""

    manage: bool = Field(True, description="Create keyspace and table if they are missing.")
    replication: Annotated[
        dict[str, int | str],
        Field(max_length=32, json_schema_extra=cel(Rule("'class' in self", _NEEDS_CLASS))),
        AfterValidator(_needs_class),
    ] = Field(
        {"class": "SimpleStrategy", "replication_factor": 1},
        description="Replication of a keyspace that the job creates. The key class is required.",
    )


class Cassandra(Section):
    """Where rows go."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            *(
                Rule(
                    f"!has(self.secureConnectBundle) || !has(self.{field})",
                    f"{field} must be absent with secureConnectBundle, which provides it",
                )
                for field in _IN_THE_BUNDLE
            )
        )
    )
    # First, because what the validators of other fields say depends on it.
    secure_connect_bundle: SecretReference | None = Field(
        None,
        description="Secret with secure-connect-bundle.zip, the secure connect bundle of a database"
        " of DataStax Astra. It takes the place of contactPoints, localDatacenter and tls.",
    )
    contact_points: Annotated[
        Annotated[list[HostPort], Field(min_length=1, max_length=16)] | None,
        AfterValidator(_not_beside_a_bundle),
    ] = Field(description="Nodes to connect to first. Absent with secureConnectBundle.")
    local_datacenter: Annotated[
        Annotated[str, Field(min_length=1, max_length=128)] | None,
        AfterValidator(_not_beside_a_bundle),
    ] = Field(
        None,
        description="Data centre of the nodes that the job writes to. Default: datacenter1; with"
        " secureConnectBundle, the data centre of the bundle.",
    )
    keyspace: Identifier = Field("sunbird_programs", description="Keyspace of the table.")
    table: Identifier = Field("program_enrollment", description="Table that rows are written to.")
    layout: Literal["flat", "map"] = Field(
        "flat",
        description="Columns of the table. flat: a column for each location field. map: the table"
        " of the Scala job.",
    )
    consistency_level: Literal[
        "ONE", "TWO", "THREE", "QUORUM", "ALL", "LOCAL_QUORUM", "EACH_QUORUM", "LOCAL_ONE"
    ] = Field("LOCAL_QUORUM", description="Consistency level of the writes.")
    ttl: Annotated[int, Field(ge=0, le=630_720_000)] | None = Field(
        None, description="Seconds until a written cell expires; 0 or null: never."
    )
    deletes: Literal["ignore", "apply"] = Field(
        "ignore",
        description="What to do with an event that has deleted: true. ignore: write it like any"
        " other. apply: delete the row.",
    )
    missing_profile: Literal["reject", "write"] = Field(
        "reject",
        description="What to do with an event without userProfile. reject: send it to the"
        " dead-letter topic. write: write it without the columns of the profile.",
    )
    schema_: CassandraSchema = Field(
        CassandraSchema(), alias="schema", description="Creation of keyspace and table."
    )
    credentials: SecretReference | None = Field(
        None, description="Secret with the keys username and password."
    )
    tls: Annotated[SecretReference | None, AfterValidator(_not_beside_a_bundle)] = Field(
        None, description="Secret with ca.crt and, for mutual TLS, tls.crt and tls.key."
    )
    verify_host_names: bool = Field(
        False,
        description="With TLS, refuse nodes whose certificates lack the IP address that they are"
        " reached at. The driver resolves contact points first, so names in certificates do not"
        " count. With secureConnectBundle, refuse a metadata service and a proxy whose certificates"
        " lack their host names. The authority (ca.crt) is always verified.",
    )


class Writes(Section):
    """Limits of the write stage. If one is not set, the job's image has the default."""

    batch_rows: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, description="Maximum rows in a request, all of one program. Default: 200."
    )
    batch_bytes: Annotated[int, Field(ge=1024, le=5_242_880)] | None = Field(
        None, description="Maximum bytes in a request, unless one row is larger. Default: 262144."
    )
    in_flight: Annotated[int, Field(ge=1, le=1024)] | None = Field(
        None, description="Maximum requests in flight for each subtask. Default: 64."
    )
    request_timeout: WholeSeconds | None = Field(
        None, description="How long one request may take. Default: 10s."
    )
    give_up_after: WholeSeconds | None = Field(
        None,
        description="How long writes are retried before the task fails and starts again from the"
        " last checkpoint. Default: 5min.",
    )
    future_bound: WholeSeconds | None = Field(
        None,
        description="How far ahead of the clock an event may be before it is rejected. Default:"
        " 24h.",
    )
    bundle_time: Duration | None = Field(
        None, description="How long events are collected before they are written. Default: 500ms."
    )
    bundle_records: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None,
        description="Events that are collected before Flink waits for the write stage. Default:"
        " 40000.",
    )
    arrow_batch: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="Maximum events in one call of the write stage. Default: 20000."
    )
    arrow_batch_bytes: Annotated[int, Field(ge=1_048_576, le=1_073_741_824)] | None = Field(
        None,
        description="Maximum bytes of the events in one call. If events are large, calls and"
        " bundles contain fewer of them. Default: 25165824.",
    )
