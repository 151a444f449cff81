"""The whole resource as a file holds it, by the rules that the API server has for any object.

Names, labels and annotations:
https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and …/labels/.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from program_user_info_operator.api import names
from program_user_info_operator.api.checks import Text

MAX_NAME = 45
NAME_PATTERN = "[a-z]([-a-z0-9]*[a-z0-9])?"
NAME_EXPECTED = (
    f"at most {MAX_NAME} lower-case letters, digits and dashes, starting with a letter: the"
    " FlinkDeployment has the same name"
)
_MAX_ANNOTATIONS = 256 * 1024
_SUBDOMAIN = r"(?=[^/]{1,253}/)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/"
_WORD = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_KEY_EXPECTED = (
    "key: an optional prefix such as example.org/, then at most 63 letters, digits, dashes,"
    " underscores and dots"
)

Name = Annotated[str, Text(NAME_PATTERN, NAME_EXPECTED, MAX_NAME)]
Namespace = Annotated[
    str,
    Text(
        "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
        "at most 63 lower-case letters, digits and dashes",
        max_length=63,
    ),
]
LabelKey = Annotated[
    str, Text(f"({_SUBDOMAIN})?{_WORD}", f"a label's {_KEY_EXPECTED}", max_length=317)
]
LabelValue = Annotated[
    str,
    Text(
        f"({_WORD})?",
        "a label's value: at most 63 letters, digits, dashes, underscores and dots, the first and"
        " the last one a letter or digit",
        max_length=63,
    ),
]
AnnotationKey = Annotated[
    str,
    # The API server compares an annotation's prefix without case.
    Text(f"(?i:({_SUBDOMAIN})?{_WORD})", f"an annotation's {_KEY_EXPECTED}", max_length=317),
]


def _check_size(annotations: dict[str, str] | None) -> dict[str, str] | None:
    size = sum(len(part.encode()) for pair in (annotations or {}).items() for part in pair)
    if size > _MAX_ANNOTATIONS:
        raise ValueError(f"must be at most {_MAX_ANNOTATIONS} bytes in all")
    return annotations


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)


class Metadata(_Part):
    """An object's metadata; what the API server writes into it is taken as it is."""

    name: Name
    namespace: Namespace | None = None
    labels: dict[LabelKey, LabelValue] | None = None
    annotations: Annotated[
        dict[AnnotationKey, str] | None,
        AfterValidator(_check_size),
    ] = None
    finalizers: list[str] | None = None
    uid: str | None = None
    generate_name: Any = None
    self_link: Any = None
    resource_version: Any = None
    generation: Any = None
    creation_timestamp: Any = None
    deletion_timestamp: Any = None
    deletion_grace_period_seconds: Any = None
    owner_references: Any = None
    managed_fields: Any = None


class Resource(_Part):
    """A ProgramUserInfoJob, `spec` as yet without profile and defaults."""

    api_version: Literal[names.API_VERSION]  # type: ignore[valid-type]
    kind: Literal[names.KIND]  # type: ignore[valid-type]
    metadata: Metadata
    spec: dict[str, Any]
    status: Any = Field(None, description="Ignored: only the controller writes it.")
