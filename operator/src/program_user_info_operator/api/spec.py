"""`spec` of a ProgramUserInfoJob, complete: what the CR, the profile and the defaults add up to.

A CR or a profile holds any part of it. The defaults are here and not in the CRD, because a default
that the API server fills in looks like a value that the user wrote: no profile could override it.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from program_user_info_operator.api.cassandra_section import Cassandra, Writes
from program_user_info_operator.api.flink_options import OWNED_OPTIONS
from program_user_info_operator.api.flink_section import (
    Autoscaling,
    Checkpoints,
    Flink,
    JobResources,
)
from program_user_info_operator.api.kafka_section import Kafka
from program_user_info_operator.api.scalars import (
    WITHOUT_FLINK,
    Environment,
    FieldPath,
    Image,
    Version,
    milliseconds,
)
from program_user_info_operator.api.section import Nonce, SecretReference, Section
from program_user_info_operator.api.upgrade_section import Deletion, Savepoint, Upgrade


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
    flink: Flink = Field(
        Flink(), description="Settings of Flink and of the pods that have no field of their own."
    )

    unset: Annotated[list[FieldPath], Field(max_length=64)] = Field(
        [],
        description="Fields of the profile that this job ignores, by their paths, such as"
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
            "cassandra.secureConnectBundle": cassandra.secure_connect_bundle,
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
                "kafka.deadLetterTopic: must not be an input topic, because the job would read each"
                " rejected event again; name another one"
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
                "checkpoints.interval: must be shorter than upgrade.deadline, because a revision"
                " must complete a checkpoint to be good"
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
                    f"checkpoints.storage: needed with {field}; set it, or remove {field}"
                )
        if self.upgrade.strategy == "overlap" and self.upgrade.mode != "stateless":
            raise ValueError(
                "upgrade.strategy: overlap needs upgrade.mode stateless, because state can be"
                " passed to one successor only; remove one of them"
            )
        if self.savepoint.redeploy_nonce and self.savepoint.restore_from is None:
            raise ValueError("savepoint.restoreFrom: needed with savepoint.redeployNonce; set it")
        return self
