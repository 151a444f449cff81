"""What the sections of the resource have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from program_user_info_operator.api.scalars import (
    SecretName,
)

Nonce = Annotated[int, Field(ge=0, le=2**53)]


class Section(BaseModel):
    """A strict, immutable part of the resource with camelCase names."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, validate_default=True
    )


class SecretReference(Section):
    """A Secret of the job's namespace, by name; its values are mounted, never read."""

    secret_name: SecretName = Field(description="Name of the Secret.")
