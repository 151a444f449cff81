"""`status` of a ProgramUserInfoJob: what the controller says of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

Time = Annotated[
    datetime,
    PlainSerializer(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ")),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class _StatusPart(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, extra="ignore", frozen=True, validate_by_name=True
    )


class Condition(_StatusPart):
    """A Kubernetes condition."""

    type: Literal["Ready", "Reconciling", "Stalled"]
    status: Literal["True", "False", "Unknown"]
    reason: Annotated[str, Field(max_length=128)]
    message: Annotated[str, Field(max_length=4096)]
    last_transition_time: Time
    observed_generation: int


class Outcome(StrEnum):
    """What became of a revision."""

    PENDING = "Pending"
    STABLE = "Stable"
    ROLLED_BACK = "RolledBack"
    SUPERSEDED = "Superseded"


class Cause(StrEnum):
    """What made a revision."""

    CREATED = "Created"
    SPEC = "Spec"
    SECRET = "Secret"
    RELEASE = "Release"


class RevisionStatus(_StatusPart):
    """One revision of the job: what was to run, since when, and how it went."""

    number: int = Field(description="Counts up with each revision.")
    hash: str = Field(description="Names the revision's record, a ConfigMap.")
    cause: Cause = Field(
        description="Created, Spec (the job's or its profile's), Secret, or Release (of the"
        " operator)."
    )
    image: str = Field(description="Image of the job.")
    config_hash: str = Field(description="Hash of the rendered configuration.")
    started: Time = Field(description="When it was first applied.")
    outcome: Outcome = Field(description="Pending, Stable, RolledBack or Superseded.")
    reason: str | None = Field(None, description="Why it was rolled back.")


class Checkpoint(_StatusPart):
    """A completed checkpoint."""

    id: int
    time: Time


class SavepointStatus(_StatusPart):
    """A completed savepoint."""

    location: str
    time: Time


class JobStatus(_StatusPart):
    """The whole status; absent fields are unknown."""

    observed_generation: int | None = Field(None, description="Generation that was reconciled.")
    conditions: Annotated[
        list[Condition],
        Field(
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
            }
        ),
    ] = Field([], description="Ready, Reconciling and Stalled, as kstatus reads them.")
    topic: str | None = Field(None, description="Resolved input topic.")
    group_id: str | None = Field(None, description="Resolved group.")
    dead_letter_topic: str | None = Field(None, description="Resolved dead-letter topic.")
    keyspace: str | None = Field(None, description="Resolved keyspace.")
    table: str | None = Field(None, description="Resolved table.")
    image: str | None = Field(None, description="Image of the job.")
    image_version: str | None = Field(None, description="Its tag.")
    config_hash: str | None = Field(None, description="Hash of the rendered configuration.")
    job_id: str | None = Field(None, description="Flink's id of the running job.")
    job_state: str | None = Field(None, description="Flink's state of the job.")

    last_checkpoint: Checkpoint | None = Field(
        None,
        description="The last completed checkpoint when the status was last written. It alone makes"
        " no write: Flink's REST interface has the present one.",
    )
    last_savepoint: SavepointStatus | None = Field(None, description="The last savepoint.")
    last_good_revision: int | None = Field(
        None, description="Number of the last revision that ran stably."
    )
    revisions: list[RevisionStatus] = Field([], description="The newest revisions, oldest first.")
    sources: dict[str, str] = Field(
        {}, description="Where each field of the resolved spec came from: spec, profile or default."
    )

    def to_json(self) -> dict[str, Any]:
        """As the API server stores it."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
