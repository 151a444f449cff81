"""`spec.upgrade`, savepoints on demand, and what deletion leaves."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from program_user_info_operator.api.checks import Rule, cel
from program_user_info_operator.api.scalars import (
    Duration,
    SavepointPath,
    milliseconds,
)
from program_user_info_operator.api.section import Nonce, Section


class Upgrade(Section):
    """How the job passes from one version or configuration to the next."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            Rule(
                "!has(self.strategy) || self.strategy != 'overlap' || !has(self.mode)"
                " || self.mode == 'stateless'",
                "strategy overlap needs mode stateless, because state can be passed to one"
                " successor only",
            )
        )
    )
    mode: Literal["stateless", "last-state", "savepoint"] = Field(
        "stateless",
        description="Which state of Flink an upgrade keeps. stateless keeps none and loses no"
        " event, because Kafka's committed offsets are the job's only state.",
    )
    automatic: bool = Field(
        True, description="Whether new releases of the operator upgrade the bundled job."
    )
    deadline: Duration = Field(
        "10min",
        description="How long a new revision may take to become good before it counts as failed. If"
        " the soak time is as long or longer, it is added.",
    )
    strategy: Literal["overlap", "replace"] | None = Field(
        None,
        description="overlap: the old revision writes while the new one is on trial. replace: the"
        " old one stops first. Default: overlap with mode stateless, otherwise replace.",
    )
    overlap_soak: Duration | None = Field(
        None,
        description="How long a revision must run without a break to be good while another one"
        " still writes. Default: the operator's rollout.soakSeconds.",
    )
    revision: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="Number of a good revision in status.revisions: the job goes back to it, and"
        " stays there until the field is removed.",
    )
    rollback: bool = Field(
        True, description="Go back to the last good revision if a new one fails."
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
