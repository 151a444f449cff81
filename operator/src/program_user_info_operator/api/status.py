"""`status` of a ProgramUserInfoJob: what the controller says of it."""

from __future__ import annotations

from datetime import datetime
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

    def to_json(self) -> dict[str, Any]:
        """As the API server stores it."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
