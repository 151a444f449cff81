"""Profiles: one YAML document per environment, the data of one ConfigMap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml


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
