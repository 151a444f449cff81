"""`render`: the controller's own decisions, printed instead of applied."""

from __future__ import annotations

from pathlib import Path

from program_user_info_operator.cli.job_file import read_job, read_profile
from program_user_info_operator.cli.yaml_output import dump_all
from program_user_info_operator.desired.context import Bundle, Owner
from program_user_info_operator.desired.objects import desired_objects
from program_user_info_operator.environments.resolve import resolve


def render_job(file: Path, environments: Path | None, bundle: Bundle) -> str:
    """The objects as YAML documents, FlinkDeployment first. Raises `JobFileError`."""
    job = read_job(file)
    profile = read_profile(environments, job.spec) if environments else None
    spec = job.resolved(resolve(job.spec, profile))
    owner = Owner(job.name, job.namespace, job.uid)
    return dump_all(desired_objects(spec, owner, bundle).objects())
