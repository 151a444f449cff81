"""`render`: the controller's own decisions, printed instead of applied."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from program_user_info_operator.api import names
from program_user_info_operator.cli.yaml_output import dump_all
from program_user_info_operator.desired.context import Bundle, Owner
from program_user_info_operator.desired.objects import desired_objects
from program_user_info_operator.environments.resolve import Unresolved, resolve


class RenderError(Exception):
    """Bad input; the message names the file, the field and the reason."""


def render_job(file: Path, environments: Path | None, bundle: Bundle) -> str:
    """The objects as YAML documents, FlinkDeployment first. Raises `RenderError`."""
    job = _read(file)
    if (job.get("apiVersion"), job.get("kind")) != (names.API_VERSION, names.KIND):
        raise RenderError(f"{file}: must be one {names.KIND} of {names.API_VERSION}")
    metadata, spec = job.get("metadata"), job.get("spec")
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("name"), str):
        raise RenderError(f"{file}: metadata.name: missing, a name expected")
    if not isinstance(spec, Mapping):
        raise RenderError(f"{file}: spec: missing, an object expected")
    profile = _profile(environments, spec.get("environment"))
    resolution = resolve(spec, profile)
    if isinstance(resolution, Unresolved):
        raise RenderError("\n".join(f"{file}: {text}" for text in resolution.messages))
    owner = Owner(metadata["name"], metadata.get("namespace", "default"), metadata.get("uid"))
    desired = desired_objects(resolution.spec, owner, bundle)
    return dump_all(desired.objects())


def _profile(environments: Path | None, environment: object) -> Mapping[str, Any] | None:
    if environments is None:
        return None
    profile = _read(environments).get(environment)  # type: ignore[call-overload]
    if profile is not None and not isinstance(profile, Mapping):
        raise RenderError(f"{environments}: {environment}: must be a mapping of spec fields")
    return profile


def _read(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise RenderError(f"{file}: {error.strerror}; pass an existing file") from error
    except yaml.YAMLError as error:
        raise RenderError(f"{file}: not YAML: {error}") from error
    if not isinstance(document, dict):
        raise RenderError(f"{file}: must be a YAML mapping")
    return document
