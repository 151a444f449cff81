"""`render`: the controller's own decisions, printed instead of applied."""

from __future__ import annotations

from pathlib import Path

from program_user_info_operator.cli.job_file import JobFileError, read_job, read_profile
from program_user_info_operator.cli.yaml_output import dump_all
from program_user_info_operator.desired.context import Bundle, Owner
from program_user_info_operator.desired.objects import desired_objects
from program_user_info_operator.environments.resolve import Unresolved, resolve


def render_job(file: Path, environments: Path | None, bundle: Bundle) -> str:
    """The objects as YAML documents, FlinkDeployment first. Raises `JobFileError`."""
    job = read_job(file)
    spec = job.document["spec"]
    profile = read_profile(environments, spec.get("environment")) if environments else None
    resolution = resolve(spec, profile)
    if isinstance(resolution, Unresolved):
        raise JobFileError("\n".join(f"{file}: {text}" for text in resolution.messages))
    owner = Owner(job.name, job.namespace, job.document["metadata"].get("uid"))
    return dump_all(desired_objects(resolution.spec, owner, bundle).objects())
