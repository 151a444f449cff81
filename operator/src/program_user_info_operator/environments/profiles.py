"""Profiles: one YAML document per environment, the data of one ConfigMap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from program_user_info_operator.api import names
from program_user_info_operator.hashing import short_hash
from program_user_info_operator.kubernetes_yaml import load

_NAMESPACES = "namespaces"
"""The one key of a profile that is not a field of a job: who may use the profile."""


@dataclass(frozen=True)
class ProfileProblem:
    """Why a job cannot use a profile: the condition's reason and message."""

    reason: str
    message: str


@dataclass(frozen=True)
class Profiles:
    """The environments' profiles as text, by environment.

    `bundle` names the bundled jobs of the release that the profiles were installed with, where
    they say so.
    """

    texts: Mapping[str, str]
    bundle: str | None = None

    def find(
        self, environment: str, namespace: str, *, had_one: bool
    ) -> dict[str, Any] | ProfileProblem | None:
        """The profile for a job of this namespace; None where there are no profiles at all.

        `had_one`: the job runs with values of a profile. One that has vanished since is a problem:
        the defaults would be another job.
        """
        text = self.texts.get(environment)
        if text is None:
            return missing(environment, self.texts) if self.texts or had_one else None
        profile = parse_profile(environment, text)
        if isinstance(profile, ProfileProblem):
            return profile
        return for_namespace(profile, environment, namespace)


def read_profiles(config_map: Mapping[str, Any] | None) -> Profiles:
    """The profiles in their ConfigMap; none where it does not exist."""
    if config_map is None:
        return Profiles({})
    annotations = config_map["metadata"].get("annotations") or {}
    return Profiles(config_map.get("data") or {}, annotations.get(names.ANNOTATION_BUNDLE))


@lru_cache(maxsize=64)
def parse_profile(environment: str, text: str) -> dict[str, Any] | ProfileProblem:
    """One profile; empty text is an empty profile. The answer must not be changed."""
    try:
        document = load(text)
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f" at line {line + 1}" if line is not None else ""
        return ProfileProblem(
            "ProfileInvalid", f"the profile of environment {environment} is not YAML{where}"
        )
    if document is None:
        return {}
    if not isinstance(document, dict):
        return ProfileProblem(
            "ProfileInvalid",
            f"the profile of environment {environment} must be a mapping of spec fields",
        )
    return document


def for_namespace(
    profile: Mapping[str, Any], environment: str, namespace: str
) -> dict[str, Any] | ProfileProblem:
    """The profile's fields, for a job of a namespace that may use it."""
    fields = dict(profile)
    allowed = fields.pop(_NAMESPACES, None)
    if allowed is None:
        return fields
    if not isinstance(allowed, list):
        return ProfileProblem(
            "ProfileInvalid",
            f"the profile of environment {environment}: {_NAMESPACES} must be a list of names",
        )
    return fields if namespace in allowed else _not_for(environment, namespace)


def profile_id(profile: Mapping[str, Any] | None) -> str:
    """Names a profile by its content; no profile is an empty one."""
    return short_hash(profile or {})


def missing(environment: str, profiles: Iterable[str]) -> ProfileProblem:
    """The problem of a job whose environment is none of those that have profiles."""
    known = ", ".join(sorted(profiles)) or "none"
    return ProfileProblem(
        "ProfileMissing",
        f"environment: there is no profile for {environment} (there are: {known}); correct"
        f" spec.environment, or add environments.{environment} to the values of the operator's"
        " chart, which can be empty",
    )


def _not_for(environment: str, namespace: str) -> ProfileProblem:
    return ProfileProblem(
        "EnvironmentForbidden",
        f"environment: jobs of namespace {namespace} may not use {environment}; use another"
        f" environment, or add the namespace to environments.{environment}.namespaces in the values"
        " of the operator's chart",
    )
