"""`render`: the controller's own decisions, printed instead of applied."""

from __future__ import annotations

import json
from pathlib import Path

from program_user_info_operator.cli.job_file import JobFile, read_job, read_profile
from program_user_info_operator.cli.yaml_output import dump_all
from program_user_info_operator.desired.context import Bundle, Owner
from program_user_info_operator.desired.objects import desired_objects
from program_user_info_operator.environments.resolve import Resolved, leaves, resolve


def render_job(file: Path, environments: Path | None, bundle: Bundle) -> str:
    """The objects as YAML documents, FlinkDeployment first. Raises `JobFileError`."""
    job, resolved = _resolve(file, environments)
    owner = Owner(job.name, job.namespace, job.uid)
    return dump_all(desired_objects(resolved, owner, bundle).objects())


def explain_job(file: Path, environments: Path | None) -> str:
    """A line for each field of the resolved spec: field, value, source. Raises `JobFileError`."""
    _, resolved = _resolve(file, environments)
    values = leaves(resolved.spec)
    rows = [("FIELD", "SOURCE", "VALUE")]
    for path, source in resolved.sources.items():
        value = values.get(path, _inside(values, path))
        rows.append((path, source.value, json.dumps(value)))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "".join(f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}\n" for row in rows)


def _resolve(file: Path, environments: Path | None) -> tuple[JobFile, Resolved]:
    job = read_job(file)
    profile = read_profile(environments, job.spec) if environments else None
    return job, job.resolved(resolve(job.spec, profile))


def _inside(values: dict[str, object], path: str) -> object:
    """The value of one key of a free-form field, such as one option of Flink's."""
    for parent, value in values.items():
        if path.startswith(f"{parent}.") and isinstance(value, dict):
            return value.get(path.removeprefix(f"{parent}."))
    return None
