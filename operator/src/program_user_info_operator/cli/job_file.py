"""A ProgramUserInfoJob, and profiles, in files."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from program_user_info_operator.api import names
from program_user_info_operator.api.problems import problems
from program_user_info_operator.api.resource import Resource
from program_user_info_operator.environments.profiles import (
    ProfileProblem,
    for_namespace,
    missing,
)
from program_user_info_operator.environments.resolve import Resolved, Unresolved
from program_user_info_operator.kubernetes_yaml import load
from program_user_info_operator.policy.decision import Decision

_STANDARD_INPUT = Path("-")
_MISSING = {
    "metadata": "missing; give the job a name",
    "metadata.name": "missing; give the job a name",
    "spec": "missing; set spec.environment at least",
}


class JobFileError(Exception):
    """Bad input; the message names the file, the field and the reason."""


@dataclass(frozen=True)
class JobFile:
    """A job as a file holds it; `uid` only where the file was read from a cluster."""

    file: Path
    name: str
    namespace: str
    uid: str | None
    spec: Mapping[str, Any]

    def resolved(self, resolution: Resolved | Unresolved) -> Resolved:
        """The complete spec. Raises `JobFileError` where there is none."""
        if isinstance(resolution, Unresolved):
            raise JobFileError("\n".join(f"{self.file}: {text}" for text in resolution.messages))
        return resolution

    def decided(self, decision: Decision) -> Decision:
        """What the controller would do. Raises `JobFileError` where it would refuse."""
        if decision.refusal is not None:
            raise JobFileError(f"{self.file}: {decision.refusal.message}")
        return decision


def read_job(file: Path) -> JobFile:
    """The one job in the file. Raises `JobFileError`."""
    document = read_yaml(file)
    if (document.get("apiVersion"), document.get("kind")) != (names.API_VERSION, names.KIND):
        raise JobFileError(f"{file}: must be one {names.KIND} of {names.API_VERSION}")
    # The API server takes a null for a field that is not there.
    given = {key: value for key, value in document.items() if value is not None}
    if isinstance(given.get("metadata"), dict):
        metadata = given["metadata"]
        given["metadata"] = {key: value for key, value in metadata.items() if value is not None}
    try:
        job = Resource.model_validate(given)
    except ValidationError as error:
        raise JobFileError(
            "\n".join(
                f"{file}: {path}: {_MISSING.get(path, sentence)}"
                if each["type"] == "missing"
                else f"{file}: {path}: {sentence}"
                for path, sentence, each in problems(error)
            )
        ) from error
    metadata = job.metadata
    return JobFile(file, metadata.name, metadata.namespace or "default", metadata.uid, job.spec)


def read_profile(file: Path, spec: Mapping[str, Any], namespace: str) -> dict[str, Any] | None:
    """The profile of the spec's environment in a file of all. Raises `JobFileError`.

    The file maps environments to profiles, or is the chart's values, which do so in `environments`.
    """
    environment = str(spec.get("environment"))
    document = read_yaml(file)
    profiles = document.get("environments", document)
    if not isinstance(profiles, Mapping) or not profiles:
        return None
    found = profiles.get(environment)
    if environment not in profiles:
        raise JobFileError(f"{file}: {missing(environment, profiles).message}")
    if found is not None and not isinstance(found, Mapping):
        raise JobFileError(f"{file}: {environment}: must be a mapping of spec fields")
    profile = for_namespace(found or {}, environment, namespace)
    if isinstance(profile, ProfileProblem):
        raise JobFileError(f"{file}: {profile.message}")
    return profile


def read_yaml(file: Path) -> dict[str, Any]:
    """The one mapping in a file. Raises `JobFileError`."""
    try:
        text = sys.stdin.read() if file == _STANDARD_INPUT else file.read_text(encoding="utf-8")
        document = load(text)
    except OSError as error:
        raise JobFileError(f"{file}: {error.strerror}; pass an existing file") from error
    except yaml.YAMLError as error:
        raise JobFileError(f"{file}: not YAML: {error}") from error
    if not isinstance(document, dict):
        raise JobFileError(f"{file}: must be a YAML mapping")
    return document
