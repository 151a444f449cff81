"""A ProgramUserInfoJob, and profiles, in files."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from program_user_info_operator.api import names
from program_user_info_operator.environments.resolve import Resolved, Unresolved

_STANDARD_INPUT = Path("-")


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


def read_job(file: Path) -> JobFile:
    """The one job in the file. Raises `JobFileError`."""
    job = _read(file)
    if (job.get("apiVersion"), job.get("kind")) != (names.API_VERSION, names.KIND):
        raise JobFileError(f"{file}: must be one {names.KIND} of {names.API_VERSION}")
    metadata, spec = job.get("metadata"), job.get("spec")
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("name"), str):
        raise JobFileError(f"{file}: metadata.name: missing, a name expected")
    if not isinstance(spec, Mapping):
        raise JobFileError(f"{file}: spec: missing, an object expected")
    namespace = metadata.get("namespace", "default")
    return JobFile(file, metadata["name"], namespace, metadata.get("uid"), spec)


def read_profile(file: Path, spec: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The profile of the spec's environment in a file of all. Raises `JobFileError`.

    The file maps environments to profiles, or is the chart's values, which do so in `environments`.
    """
    environment = spec.get("environment")
    document = _read(file)
    profiles = document.get("environments", document)
    profile = profiles.get(str(environment)) if isinstance(profiles, Mapping) else None
    if profile is not None and not isinstance(profile, Mapping):
        raise JobFileError(f"{file}: {environment}: must be a mapping of spec fields")
    return profile


def _read(file: Path) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if file == _STANDARD_INPUT else file.read_text(encoding="utf-8")
        document = yaml.safe_load(text)
    except OSError as error:
        raise JobFileError(f"{file}: {error.strerror}; pass an existing file") from error
    except yaml.YAMLError as error:
        raise JobFileError(f"{file}: not YAML: {error}") from error
    if not isinstance(document, dict):
        raise JobFileError(f"{file}: must be a YAML mapping")
    return document
