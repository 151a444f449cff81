"""`status` of a ProgramUserInfoJob: what the controller says of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
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

    type: Literal["Ready", "Reconciling", "Stalled"] = Field(description="Which condition.")
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it applies.")
    reason: Annotated[str, Field(max_length=128)] = Field(description="Why, in one word.")
    message: Annotated[str, Field(max_length=4096)] = Field(
        description="Why, in a sentence, and what to do."
    )
    last_transition_time: Time = Field(description="When its status last changed.")
    observed_generation: int = Field(description="Generation of the job that it is about.")


class Outcome(StrEnum):
    """What became of a revision."""

    PENDING = "Pending"
    STABLE = "Stable"
    ROLLED_BACK = "RolledBack"
    FAILED = "Failed"
    """Not good by its deadline, and there was nothing to go back to."""
    SUPERSEDED = "Superseded"


class Cause(StrEnum):
    """What made a revision."""

    CREATED = "Created"
    SPEC = "Spec"
    PROFILE = "Profile"
    SECRET = "Secret"
    RELEASE = "Release"
    UNDO = "Undo"


class Change(StrEnum):
    """What the platform changes, in waves."""

    RELEASE = "Release"
    PROFILE = "Profile"
    SECRET = "Secret"


class Stage(StrEnum):
    """Where a job stands with one change of the platform's."""

    NEW = "New"
    """The job has never been good, and its first deadline has not passed."""
    WAITING = "Waiting"
    IN_FLIGHT = "InFlight"
    """The job has the change, and is not good with it yet."""
    RETRYING = "Retrying"
    """The change failed on the job, and is tried again."""
    FAILED = "Failed"
    GOOD = "Good"
    EXEMPT = "Exempt"
    """The job will not get the change, or has never been good and says nothing about it."""


def _known(kind: type[StrEnum], otherwise: StrEnum) -> BeforeValidator:
    """Reads a value that a newer release has written and this one does not know."""
    known = tuple(kind)  # made once: each status that is read asks it of each revision
    return BeforeValidator(lambda value: value if value in known else otherwise)


class TrialStatus(_StatusPart):
    """What is known of a revision on trial."""

    running_since: Time | None = Field(None, description="Since when it has run without a break.")
    breaks: int = Field(0, description="How often it has stopped running since it was deployed.")
    stopped_since: Time | None = Field(
        None,
        description="Since when the deadline is paused, because the job is suspended or paused, an"
        " admission webhook does not answer, or the Flink operator has not picked the revision up.",
    )
    stopped_seconds: int = Field(0, description="For how long the deadline was paused before.")


class RevisionStatus(_StatusPart):
    """One revision of the job: what was to run, since when, and how it went."""

    number: int = Field(description="Counts up with each revision.")
    hash: str = Field(description="Names the revision's record, a ConfigMap.")
    cause: Annotated[Cause, _known(Cause, Cause.SPEC)] = Field(
        description="Created, Spec (the job's own), Profile, Secret, Release (of the operator), or"
        " Undo."
    )
    image: str = Field(description="Image of the job.")
    config_hash: str = Field(description="Hash of the rendered configuration.")
    started: Time = Field(description="When it was first applied.")
    outcome: Annotated[Outcome, _known(Outcome, Outcome.SUPERSEDED)] = Field(
        description="Pending, Stable, RolledBack, Failed or Superseded."
    )
    reason: Annotated[str, Field(max_length=4096)] | None = Field(
        None, description="Why it failed."
    )
    release: str | None = Field(None, description="Release of the operator that rendered it.")
    profile: str | None = Field(None, description="Hash of the profile that it was rendered with.")
    secrets: str | None = Field(
        None,
        description="Digest of the values of its Secrets, made with a key that only the operator"
        " can read.",
    )
    trial: TrialStatus | None = Field(
        None, description="Progress of a revision whose outcome is Pending."
    )


class ChangeStatus(_StatusPart):
    """How far the job is with one change of the platform."""

    change: Annotated[str, Field(max_length=32)] = Field(description="Release, Profile or Secret.")
    id: Annotated[str, Field(max_length=128)] = Field(description="Which release or profile.")
    stage: Annotated[Stage, _known(Stage, Stage.WAITING)] = Field(
        description="New, Waiting, InFlight, Retrying, Failed, Good or Exempt."
    )
    since: Time = Field(description="When the job reached this stage.")


class RolloutStatus(_StatusPart):
    """How far the job is with releases, profiles and Secrets."""

    proving: bool = Field(
        False, description="Whether the job counts towards rollout.maxConcurrent now."
    )
    changes: list[ChangeStatus] = Field(
        [], description="How far the job is with the release, its profile and its Secrets."
    )


class Checkpoint(_StatusPart):
    """A completed checkpoint."""

    id: int = Field(description="Flink's number of the checkpoint.")
    time: Time = Field(description="When it was completed.")


class SavepointStatus(_StatusPart):
    """A completed savepoint."""

    location: str = Field(description="Path of the savepoint, for savepoint.restoreFrom.")
    time: Time = Field(description="When it was completed.")


class FailureStatus(_StatusPart):
    """Why the job did not run, by what its pods or its log last showed."""

    reason: Annotated[str, Field(max_length=128)] = Field(description="As the condition's reason.")
    message: Annotated[str, Field(max_length=4096)] = Field(
        description="What the pods or their log said."
    )
    revision: str = Field(description="Hash of the revision that failed.")


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
    ] = Field(
        [],
        description="Ready, Reconciling and Stalled, as kstatus reads them: exactly one is True.",
    )
    controller: str | None = Field(
        None, description="Installation (namespace/name) that manages the job."
    )
    bootstrap_servers: list[str] = Field([], description="Resolved brokers.")
    topic: str | None = Field(None, description="Resolved input topic.")
    additional_topics: list[str] = Field([], description="Resolved further input topics.")
    group_id: str | None = Field(None, description="Resolved group.")
    dead_letter_topic: str | None = Field(None, description="Resolved dead-letter topic.")
    contact_points: list[str] = Field([], description="Resolved contact points of Cassandra.")
    secure_connect_bundle: str | None = Field(
        None, description="Resolved Secret of the secure connect bundle."
    )
    keyspace: str | None = Field(None, description="Resolved keyspace.")
    table: str | None = Field(None, description="Resolved table.")
    image: str | None = Field(None, description="Image of the job.")
    image_version: str | None = Field(None, description="Its tag.")
    flink_version: str | None = Field(None, description="Line of Flink in the image.")
    config_hash: str | None = Field(None, description="Hash of the rendered configuration.")
    deployment: str | None = Field(
        None,
        description="FlinkDeployment that writes. While a revision is on trial, there can be"
        " another one beside it.",
    )
    deployed_revision: str | None = Field(
        None, description="Hash of the revision that this FlinkDeployment has."
    )
    job_id: str | None = Field(None, description="Flink's id of the running job.")
    job_state: str | None = Field(None, description="Flink's state of the job.")
    parallelism: int | None = Field(
        None, description="Task slots that the job has, chosen by the autoscaler if that is on."
    )
    selector: str | None = Field(
        None, description="Labels of the TaskManagers' pods, for the scale subresource."
    )

    last_checkpoint: Checkpoint | None = Field(
        None,
        description="The last completed checkpoint when the status was last written. The status"
        " is not written for a new checkpoint alone: Flink's REST interface has the current one.",
    )
    last_savepoint: SavepointStatus | None = Field(None, description="The last savepoint.")
    failure: FailureStatus | None = Field(
        None,
        description="Why the job does not run, as last known. It stays when the pods and their"
        " logs are deleted.",
    )
    last_good_revision: int | None = Field(None, description="Number of the last good revision.")
    revisions: list[RevisionStatus] = Field(
        [], description="The newest revisions and the last good ones, oldest first."
    )
    rollout: RolloutStatus = Field(
        RolloutStatus(), description="How far the job is with releases, profiles and Secrets."
    )
    sources: dict[str, str] = Field(
        {}, description="Where each field of the resolved spec came from: spec, profile or default."
    )

    def to_json(self) -> dict[str, Any]:
        """As the API server stores it."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
