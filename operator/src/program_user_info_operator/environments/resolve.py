"""Precedence, field by field: the CR, then the environment's profile, then the defaults."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from program_user_info_operator.api.problems import problems
from program_user_info_operator.api.spec import JobSpec

_ONLY_IN_CR = ("environment", "state", "restartNonce", "savepoint", "unset")
# Half of one map and half of another would make neither.
_WHOLE = {("cassandra", "schema", "replication"), ("flink", "podTemplate")}


class Source(StrEnum):
    """Where a value came from."""

    SPEC = "spec"
    PROFILE = "profile"
    DEFAULT = "default"


@dataclass(frozen=True)
class Resolved:
    """A complete spec, and where it came from.

    `sources` maps the dotted path of every field to its source.
    """

    spec: JobSpec
    sources: dict[str, Source]


@dataclass(frozen=True)
class Unresolved:
    """Why there is no complete spec: messages for the user that name the field and the fix."""

    messages: tuple[str, ...]
    in_profile: bool


def resolve(
    cr_spec: Mapping[str, Any],
    profile: Mapping[str, Any] | None,
    defaults: Mapping[str, Any] | None = None,
) -> Resolved | Unresolved:
    """Merge and validate. `profile` is None where the environment has none.

    `defaults` are another release's, as its `defaults()` told; fields that it did not know have
    this release's.
    """
    misplaced = sorted(set(profile or {}) & set(_ONLY_IN_CR))
    if misplaced:
        fields = ", ".join(misplaced)
        return Unresolved((f"{fields}: belongs to a job, not to a profile; remove it",), True)
    sources: dict[str, Source] = {}
    given = _merge(cr_spec, _without(profile or {}, cr_spec.get("unset")), (), sources)
    merged = _merge(given, defaults, (), {}) if defaults else given
    environment = merged.get("environment")
    if isinstance(environment, str):
        merged = _derived(merged, environment, sources)
    merged = _placed(merged, sources)
    try:
        spec = JobSpec.model_validate(merged)
    except ValidationError as error:
        return _explain(error, sources, str(environment), profile is not None)
    return Resolved(spec, _complete(spec, sources))


def defaults() -> dict[str, Any]:
    """What this release fills in where neither a CR nor a profile says anything, as JSON.

    The answer is the same object each time: it must not be changed.
    """
    return _defaults_of(JobSpec)


@cache
def _defaults_of(section: type[BaseModel]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in section.model_fields.items():
        value = None if field.is_required() else field.get_default(call_default_factory=True)
        if field.is_required() and isinstance(field.annotation, type):
            # A section of which some fields are required, and others have defaults.
            if issubclass(field.annotation, BaseModel):
                value = _defaults_of(field.annotation)
        elif isinstance(value, BaseModel):
            value = value.model_dump(mode="json", by_alias=True, exclude_none=True)
        if value is not None:
            found[field.alias or to_camel(name)] = value
    return found


def _without(profile: Mapping[str, Any], unset: Any) -> Mapping[str, Any]:
    """The profile without the fields that a job does not want from it, by dotted paths."""
    if not unset or not isinstance(unset, list):
        return profile
    left = copy.deepcopy(dict(profile))
    for path in unset:
        *parents, last = str(path).split(".")
        section: Any = left
        for parent in parents:
            section = section.get(parent) if isinstance(section, dict) else None
        if isinstance(section, dict):
            section.pop(last, None)
    return left


def _complete(spec: JobSpec, sources: Mapping[str, Source]) -> dict[str, Source]:
    """A source for each leaf of the spec: what nobody set is a default."""
    found = {path: sources.get(path, Source.DEFAULT) for path in leaves(spec)}
    # A field inside of a free-form one, such as an option of Flink's, is a leaf of its own.
    parents = {path.rpartition(".")[0] for path in sources}
    for path in parents & found.keys():
        del found[path]
    return dict(sorted((found | dict(sources)).items()))


def leaves(spec: BaseModel, path: str = "") -> dict[str, Any]:
    """Dotted path to value of every field that is not itself a section of fields."""
    found: dict[str, Any] = {}
    for name, alias in _names(type(spec)):
        value = getattr(spec, name)
        if isinstance(value, BaseModel):
            found |= leaves(value, f"{path}{alias}.")
        else:
            found[f"{path}{alias}"] = value
    return found


@cache
def _names(section: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """Of each field: in Python, and in a resource."""
    fields = section.model_fields.items()
    return tuple((name, field.alias or to_camel(name)) for name, field in fields)


def _merge(
    over: Mapping[str, Any],
    under: Mapping[str, Any],
    path: tuple[str, ...],
    sources: dict[str, Source],
) -> dict[str, Any]:
    """`over` above `under`; null counts as not set. Records each leaf's source."""
    merged: dict[str, Any] = {}
    for key in [*under, *(key for key in over if key not in under)]:
        here = (*path, str(key))
        upper, lower = over.get(key), under.get(key)
        if here not in _WHOLE and _are_maps(upper, lower):
            merged[key] = _merge(upper or {}, lower or {}, here, sources)
            continue
        value, source = (upper, Source.SPEC) if upper is not None else (lower, Source.PROFILE)
        if value is not None:
            merged[key] = value
            sources[".".join(here)] = source
    return merged


def _are_maps(upper: Any, lower: Any) -> bool:
    if upper is None:
        return isinstance(lower, Mapping)
    return isinstance(upper, Mapping) and (lower is None or isinstance(lower, Mapping))


def _derived(
    merged: Mapping[str, Any], environment: str, sources: dict[str, Source]
) -> dict[str, Any]:
    """With the defaults that follow from other fields."""
    kafka = merged.get("kafka", {})
    if not isinstance(kafka, dict):
        return dict(merged)
    kafka = dict(kafka)
    for key, value in (
        ("topic", f"{environment}.programuser.info"),
        ("groupId", f"{environment}-programuser-group"),
    ):
        if key not in kafka:
            kafka[key] = value
            sources[f"kafka.{key}"] = Source.DEFAULT
    if "deadLetterTopic" not in kafka:
        kafka["deadLetterTopic"] = f"{kafka['topic']}.failed"
        sources["kafka.deadLetterTopic"] = Source.DEFAULT
    return {**merged, "kafka": kafka}


def _placed(merged: dict[str, Any], sources: dict[str, Source]) -> dict[str, Any]:
    """With the data centre to write to; a secure connect bundle provides it and the contact points.

    Leaves its argument as it is.
    """
    cassandra = merged.get("cassandra", {})
    if not isinstance(cassandra, dict):
        return merged
    if "secureConnectBundle" in cassandra:
        return {**merged, "cassandra": {"contactPoints": None, **cassandra}}
    if "localDatacenter" in cassandra:
        return merged
    sources["cassandra.localDatacenter"] = Source.DEFAULT
    return {**merged, "cassandra": {**cassandra, "localDatacenter": "datacenter1"}}


def _explain(
    error: ValidationError, sources: dict[str, Source], environment: str, has_profile: bool
) -> Unresolved:
    messages = []
    in_profile = False
    for path, sentence, each in problems(error):
        if path == "environment" and each["type"] == "missing":
            sentence = "missing; name the environment that the job belongs to"  # noqa: PLW2901
        elif each["type"] == "missing":
            hint = "" if has_profile else ", which does not exist"
            sentence = (  # noqa: PLW2901
                f"missing in the job's spec and in the profile of environment"
                f" {environment}{hint}; set it in one of them"
            )
        text = f"{path}: {sentence}" if path else sentence
        from_profile = any(
            source is Source.PROFILE and (field == path or field.startswith(f"{path}."))
            for field, source in sources.items()
            if path
        )
        if from_profile:
            text = f"{text} (set by the profile of environment {environment})"
            in_profile = True
        messages.append(text)
    return Unresolved(tuple(messages), in_profile)
