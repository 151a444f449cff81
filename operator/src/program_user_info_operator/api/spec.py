"""`spec` of a ProgramUserInfoJob, complete: what the CR, the profile and the defaults add up to.

A CR or a profile holds any part of it. The defaults are here and not in the CRD, because a default
that the API server fills in looks like a value that the user wrote: no profile could override it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from program_user_info_operator.api.checks import Rule, cel, free_form
from program_user_info_operator.api.flink_options import OWNED_OPTIONS
from program_user_info_operator.api.kafka_options import CLIENT_OPTIONS
from program_user_info_operator.api.scalars import (
    WITHOUT_FLINK,
    Duration,
    Environment,
    FieldPath,
    FlinkVersion,
    GroupId,
    HostPort,
    Identifier,
    Image,
    Memory,
    SavepointPath,
    SecretName,
    StartingOffsets,
    Storage,
    TokenScope,
    Topic,
    Url,
    Version,
    WholeSeconds,
    milliseconds,
)

Nonce = Annotated[int, Field(ge=0, le=2**53)]

_NEEDS_CLASS = "needs class, such as NetworkTopologyStrategy"


def _needs_class(replication: dict[str, int | str]) -> dict[str, int | str]:
    if "class" not in replication:
        raise ValueError(_NEEDS_CLASS)
    return replication


def _cel_list(words: Iterable[str]) -> str:
    quoted = ", ".join(f"'{word}'" for word in words)
    return f"[{quoted}]"


def _only_client_options(options: dict[str, str]) -> dict[str, str]:
    refused = sorted(set(options) - set(CLIENT_OPTIONS))
    if refused:
        raise ValueError(
            f"{', '.join(refused)} cannot be set; remove it, or use the field of spec if there is"
            f" one. Allowed are {', '.join(CLIENT_OPTIONS)}"
        )
    return options


class Section(BaseModel):
    """A strict, immutable part of the resource with camelCase names."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, validate_default=True
    )


class SecretReference(Section):
    """A Secret of the job's namespace, by name; its values are mounted, never read."""

    secret_name: SecretName = Field(description="Name of the Secret.")


class KafkaSecurity(Section):
    """How the brokers are reached."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            Rule(
                "!has(self.saslMechanism) || !has(self.protocol)"
                " || self.protocol.startsWith('SASL')",
                "saslMechanism needs protocol SASL_PLAINTEXT or SASL_SSL",
            ),
            Rule(
                "!has(self.tokenEndpoint) || !has(self.saslMechanism)"
                " || self.saslMechanism == 'OAUTHBEARER'",
                "tokenEndpoint needs saslMechanism OAUTHBEARER",
            ),
        )
    )
    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="Protocol of the brokers."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = (
        Field(None, description="SASL mechanism, with a SASL protocol.")
    )
    credentials: SecretReference | None = Field(
        None,
        description="Secret with the keys username and password; with OAUTHBEARER, clientId and"
        " clientSecret.",
    )
    token_endpoint: Url | None = Field(
        None, description="With OAUTHBEARER: where the client gets its tokens."
    )
    token_scope: TokenScope | None = Field(
        None, description="With OAUTHBEARER: the scope that the client asks for."
    )
    tls: SecretReference | None = Field(
        None, description="Secret with ca.crt and, for mutual TLS, tls.crt and tls.key."
    )
    verify_host_names: bool = Field(
        True, description="With TLS, refuse brokers whose certificates lack their host names."
    )


class Kafka(Section):
    """Where events come from and where dead letters go."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            Rule(
                "!has(self.deadLetterTopic) || ((!has(self.topic) || self.topic !="
                " self.deadLetterTopic) && (!has(self.additionalTopics)"
                " || !(self.deadLetterTopic in self.additionalTopics)))",
                "deadLetterTopic must be none of the topics that the job reads",
            )
        )
    )
    bootstrap_servers: Annotated[list[HostPort], Field(min_length=1, max_length=16)] = Field(
        description="Brokers to connect to first."
    )
    topic: Topic = Field(description="Input topic. Default: <environment>.programuser.info.")
    additional_topics: Annotated[list[Topic], Field(max_length=16)] = Field(
        [], description="More input topics, of the same events."
    )
    group_id: GroupId = Field(
        description="Consumer group. Default: <environment>-programuser-group."
    )
    starting_offsets: StartingOffsets = Field(
        "committed",
        description="Where the group starts on a topic that it has not read: committed (else"
        " earliest), earliest (also rewinds a group that has offsets), latest, or a UTC time.",
    )
    dead_letter_topic: Topic = Field(description="Rejected events. Default: <topic>.failed.")
    partition_discovery: Duration | None = Field(
        None, description="Interval of the check for new partitions. Default: 1min."
    )
    security: KafkaSecurity = Field(KafkaSecurity(), description="How the brokers are reached.")
    client_options: Annotated[
        dict[str, Annotated[str, Field(max_length=1024)]],
        Field(
            max_length=32,
            json_schema_extra=cel(
                Rule(
                    f"self.all(key, key in {_cel_list(CLIENT_OPTIONS)})",
                    "names an option that cannot be set; docs/reference.md lists those that can",
                )
            ),
        ),
        AfterValidator(_only_client_options),
    ] = Field(
        {},
        description="Options of Kafka's Java client, of these: "
        + ", ".join(f"`{key}`" for key in CLIENT_OPTIONS)
        + ".",
    )


class CassandraSchema(Section):
    """Whether the job creates keyspace and table, and how they are replicated."""

    manage: bool = Field(True, description="Create keyspace and table where they are missing.")
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

    contact_points: Annotated[list[HostPort], Field(min_length=1, max_length=16)] = Field(
        description="Nodes to connect to first."
    )
    local_datacenter: Annotated[str, Field(min_length=1, max_length=128)] = Field(
        "datacenter1", description="Data centre whose nodes are written to."
    )
    keyspace: Identifier = Field("sunbird_programs", description="Keyspace of the table.")
    table: Identifier = Field("program_enrollment", description="Table that rows are written to.")
    layout: Literal["flat", "map"] = Field(
        "flat", description="flat: a column per location field; map: the Scala job's table."
    )
    consistency_level: Literal[
        "ONE", "TWO", "THREE", "QUORUM", "ALL", "LOCAL_QUORUM", "EACH_QUORUM", "LOCAL_ONE"
    ] = Field("LOCAL_QUORUM", description="Consistency level of the writes.")
    ttl: Annotated[int, Field(ge=0, le=630_720_000)] | None = Field(
        None, description="Seconds until a written cell expires; 0 or null: never."
    )
    deletes: Literal["ignore", "apply"] = Field(
        "ignore", description="What an event with deleted: true does to the row."
    )
    missing_profile: Literal["reject", "write"] = Field(
        "reject", description="What becomes of an event without userProfile."
    )
    schema_: CassandraSchema = Field(
        CassandraSchema(), alias="schema", description="Creation of keyspace and table."
    )
    credentials: SecretReference | None = Field(
        None, description="Secret with the keys username and password."
    )
    tls: SecretReference | None = Field(
        None, description="Secret with ca.crt and, for mutual TLS, tls.crt and tls.key."
    )
    verify_host_names: bool = Field(
        True,
        description="With TLS, refuse nodes whose certificates lack the address that they are"
        " reached at: a contact point's name, else the address that the node announces.",
    )


class Writes(Section):
    """Limits of the write stage. Unset ones are the job's own, which its image knows."""

    batch_rows: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, description="Rows in a request, all of one program. Default: 200."
    )
    batch_bytes: Annotated[int, Field(ge=1024, le=5_242_880)] | None = Field(
        None, description="Bytes in a request, unless one row is larger. Default: 262144."
    )
    in_flight: Annotated[int, Field(ge=1, le=1024)] | None = Field(
        None, description="Requests in flight for each subtask. Default: 64."
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
        None, description="Events in one call of the write stage, at most. Default: 20000."
    )
    arrow_batch_bytes: Annotated[int, Field(ge=1_048_576, le=1_073_741_824)] | None = Field(
        None,
        description="Bytes of the events in one call. Where the events in the topics are larger,"
        " calls and bundles hold fewer of them. Default: 33554432.",
    )


class Resources(Section):
    """Memory and CPU of one pod."""

    cpu: Annotated[float, Field(gt=0, le=128)] = Field(1.0, description="CPUs of the pod.")
    memory: Memory = Field("2048m", description="Memory of the pod, as Flink counts it.")


class JobResources(Section):
    """Memory and CPU of the two kinds of pods."""

    job_manager: Resources = Field(Resources(memory="1024m"), description="The JobManager.")
    task_manager: Resources = Field(Resources(memory="2048m"), description="Each TaskManager.")


class Upgrade(Section):
    """How the job passes from one version or configuration to the next."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            Rule(
                "!has(self.strategy) || self.strategy != 'overlap' || !has(self.mode)"
                " || self.mode == 'stateless'",
                "strategy overlap needs mode stateless: a state has one owner",
            )
        )
    )
    mode: Literal["stateless", "last-state", "savepoint"] = Field(
        "stateless",
        description="stateless is safe: Kafka's committed offsets are the only state.",
    )
    automatic: bool = Field(True, description="Follow the operator's bundled job.")
    deadline: Duration = Field(
        "10min",
        description="How long a new revision may take to run stably before it counts as failed. A"
        " soak time that is not shorter is added to it.",
    )
    strategy: Literal["overlap", "replace"] | None = Field(
        None,
        description="overlap: the new revision proves itself while the old one still writes."
        " replace: the old one stops first. Default: overlap with mode stateless, else replace.",
    )
    overlap_soak: Duration | None = Field(
        None,
        description="How long a revision must run to be good while another still writes. Default:"
        " the operator's rollout.soakSeconds.",
    )
    revision: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="Goes back to this good revision of status.revisions, and stays there.",
    )
    rollback: bool = Field(
        True, description="Go back to the last good revision when a new one has failed."
    )
    restart_on_secret_change: bool = Field(
        True, description="Restart the job when a Secret that it uses changes."
    )

    @property
    def deadline_milliseconds(self) -> int:
        """The deadline as a number."""
        return milliseconds(self.deadline)


class Savepoint(Section):
    """Savepoints taken and used on demand."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            Rule(
                "!has(self.redeployNonce) || self.redeployNonce == 0 || has(self.restoreFrom)",
                "redeployNonce needs restoreFrom, the savepoint to start from",
            )
        )
    )
    trigger_nonce: Nonce = Field(0, description="Change it to take a savepoint now.")
    restore_from: SavepointPath | None = Field(
        None, description="Savepoint that a new deployment of the job starts from."
    )
    redeploy_nonce: Nonce = Field(
        0, description="Change it to deploy the job again from restoreFrom."
    )


class Deletion(Section):
    """What happens when the job is deleted."""

    savepoint: bool = Field(False, description="Take a savepoint before the job is gone.")


class Checkpoints(Section):
    """When offsets are committed, and where state goes."""

    interval: Duration = Field("10s", description="Time between checkpoints.")
    storage: Storage | None = Field(
        None, description="Needed for upgrade.mode last-state and savepoint only."
    )


class Autoscaling(Section):
    """Scaling by the Flink operator's autoscaler."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            Rule(
                "!has(self.minParallelism) || !has(self.maxParallelism)"
                " || self.minParallelism <= self.maxParallelism",
                "minParallelism must not exceed maxParallelism",
            )
        )
    )
    enabled: bool = Field(False, description="Let the Flink operator choose the parallelism.")
    min_parallelism: Annotated[int, Field(ge=1, le=1024)] = Field(1, description="Lower bound.")
    max_parallelism: Annotated[int, Field(ge=1, le=1024)] = Field(8, description="Upper bound.")
    target_utilization: Annotated[float, Field(gt=0, le=1)] = Field(
        0.7, description="Share of time that the job should be busy."
    )


class Flink(Section):
    """The escape hatch, merged last."""

    version: FlinkVersion | None = Field(
        None,
        description="Line of Flink, such as v2_2: selects the bundled job, or says what is in"
        " image. Default: the newest bundled line that the installed Flink operator knows when the"
        " job is created or a release reaches it.",
    )
    configuration: Annotated[
        dict[str, str],
        Field(
            max_length=256,
            json_schema_extra=cel(
                Rule(
                    f"self.all(key, !(key in {_cel_list(OWNED_OPTIONS)}))",
                    "sets an option that the operator owns; use the field of spec instead",
                )
            ),
        ),
    ] = Field(
        {},
        description="Flink options. Those that the operator sets itself are refused: use the"
        " field of spec.",
    )
    pod_template: dict[str, Any] = free_form("Merged over the pod template of all pods.")


class JobSpec(Section):
    """What the job reads, where it writes, and how it runs."""

    environment: Environment = Field(
        description="Names the profile, and the default topic and group. Cannot be changed."
    )
    kafka: Kafka = Field(description="Where events come from and where dead letters go.")
    cassandra: Cassandra = Field(description="Where rows go.")
    writes: Writes = Field(Writes(), description="Limits of the write stage.")
    parallelism: Annotated[int, Field(ge=1, le=1024)] = Field(
        1, description="Parallel subtasks, one task slot each."
    )
    resources: JobResources = Field(JobResources(), description="Memory and CPU of the pods.")
    state: Literal["running", "suspended"] = Field(
        "running", description="A suspended job has no pods and keeps its offsets."
    )
    upgrade: Upgrade = Field(Upgrade(), description="How the job is upgraded.")
    checkpoints: Checkpoints = Field(
        Checkpoints(), description="When offsets are committed, and where state goes."
    )
    savepoint: Savepoint = Field(Savepoint(), description="Savepoints on demand.")
    deletion: Deletion = Field(Deletion(), description="What happens on deletion.")
    restart_nonce: Nonce = Field(0, description="Change it to restart the job.")
    image: Image | None = Field(None, description="Image. Default: the operator's bundled job.")
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = Field(
        "IfNotPresent", description="Image pull policy."
    )
    version: Version | None = Field(
        None,
        description="Pins the bundled job to a release, such as 1.4.0.",
    )
    autoscaling: Autoscaling = Field(Autoscaling(), description="Scaling by the Flink operator.")
    flink: Flink = Field(Flink(), description="The escape hatch, merged last.")

    unset: Annotated[list[FieldPath], Field(max_length=64)] = Field(
        [],
        description="Fields of the profile that are not for this job, by their paths, such as"
        " cassandra.ttl: the default applies.",
    )

    @property
    def is_pinned(self) -> bool:
        """Whether the job follows no release of the operator."""
        is_own = self.image is not None or self.version is not None
        return is_own or not self.upgrade.automatic

    def secrets(self) -> dict[str, SecretReference]:
        """The Secrets that the job uses, by the field that names each."""
        security, cassandra = self.kafka.security, self.cassandra
        references = {
            "kafka.security.credentials": security.credentials,
            "kafka.security.tls": security.tls,
            "cassandra.credentials": cassandra.credentials,
            "cassandra.tls": cassandra.tls,
        }
        return {field: each for field, each in references.items() if each is not None}

    @model_validator(mode="after")
    def _check_fields_together(self) -> Self:
        security = self.kafka.security
        sasl = security.protocol.startswith("SASL")
        if sasl != (security.sasl_mechanism is not None):
            raise ValueError(
                "kafka.security.saslMechanism: needed with protocol SASL_PLAINTEXT and SASL_SSL,"
                " and only then"
            )
        oauth = security.sasl_mechanism == "OAUTHBEARER"
        if oauth != (security.token_endpoint is not None):
            raise ValueError(
                "kafka.security.tokenEndpoint: needed with saslMechanism OAUTHBEARER, and only then"
            )
        if sasl and security.credentials is None:
            raise ValueError(
                "kafka.security.credentials.secretName: needed with protocol SASL_PLAINTEXT and"
                " SASL_SSL"
            )
        if self.image is not None and self.version is not None:
            raise ValueError("version: cannot be set beside image; remove one of them")
        if self.version is not None and "-flink" in self.version:
            raise ValueError(f"version: {WITHOUT_FLINK}")
        if self.autoscaling.min_parallelism > self.autoscaling.max_parallelism:
            raise ValueError(
                "autoscaling.minParallelism: must not exceed autoscaling.maxParallelism"
            )
        if self.kafka.dead_letter_topic in (self.kafka.topic, *self.kafka.additional_topics):
            raise ValueError(
                "kafka.deadLetterTopic: must be none of the input topics, or each rejected event"
                " would come back; name another one"
            )
        owned = sorted(set(self.flink.configuration) & set(OWNED_OPTIONS))
        if owned:
            raise ValueError(
                f"flink.configuration: {', '.join(owned)} is set by the operator; use the field of"
                " spec instead"
            )
        return self

    @model_validator(mode="after")
    def _check_times(self) -> Self:
        if milliseconds(self.checkpoints.interval) >= self.upgrade.deadline_milliseconds:
            raise ValueError(
                "checkpoints.interval: must be shorter than upgrade.deadline, because a revision is"
                " good once it has completed a checkpoint"
            )
        return self

    @model_validator(mode="after")
    def _check_state(self) -> Self:
        used = {
            f"upgrade.mode {self.upgrade.mode}": self.upgrade.mode != "stateless",
            "deletion.savepoint": self.deletion.savepoint,
            "savepoint.triggerNonce": self.savepoint.trigger_nonce != 0,
        }
        for field in (name for name, is_used in used.items() if is_used):
            if self.checkpoints.storage is None:
                raise ValueError(
                    f"checkpoints.storage: needed with {field}; set it, or do without {field}"
                )
        if self.upgrade.strategy == "overlap" and self.upgrade.mode != "stateless":
            raise ValueError(
                "upgrade.strategy: overlap is for upgrade.mode stateless, because state can be"
                " handed on to one successor only; remove one of them"
            )
        if self.savepoint.redeploy_nonce and self.savepoint.restore_from is None:
            raise ValueError("savepoint.restoreFrom: needed with savepoint.redeployNonce; set it")
        return self
