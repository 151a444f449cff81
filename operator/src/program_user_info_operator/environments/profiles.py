"""Profiles: one YAML document per environment, the data of one ConfigMap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from program_user_info_operator.environments.resolve import Resolved, Unresolved, resolve


@dataclass(frozen=True)
class InvalidProfile:
    """A profile that cannot be read at all."""

    message: str


def parse_profile(environment: str, text: str) -> dict[str, Any] | InvalidProfile:
    """One profile; empty text is an empty profile."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f" at line {line + 1}" if line is not None else ""
        return InvalidProfile(f"the profile of environment {environment} is not YAML{where}")
    if document is None:
        return {}
    if not isinstance(document, dict):
        return InvalidProfile(
            f"the profile of environment {environment} must be a mapping of spec fields"
        )
    return document


def resolve_with_profiles(
    cr_spec: Mapping[str, Any], config_map: Mapping[str, Any] | None
) -> Resolved | Unresolved:
    """Resolve a CR's spec with its environment's profile in the profiles' ConfigMap, if any."""
    environment = cr_spec.get("environment")
    text = ((config_map or {}).get("data") or {}).get(environment)
    if text is None:
        return resolve(cr_spec, None)
    profile = parse_profile(str(environment), text)
    if isinstance(profile, InvalidProfile):
        return Unresolved((profile.message,), in_profile=True)
    return resolve(cr_spec, profile)
