"""`render`: the controller's own decisions, printed instead of applied."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from program_user_info_operator.api.names import FLINK_CRD
from program_user_info_operator.cli.job_file import (
    JobFile,
    JobFileError,
    read_job,
    read_profile,
    read_yaml,
)
from program_user_info_operator.desired.bundled_jobs import BundledJobs
from program_user_info_operator.desired.objects import ObjectMaker
from program_user_info_operator.desired.owner import Owner
from program_user_info_operator.environments.resolve import Resolved, leaves, resolve
from program_user_info_operator.kubernetes_yaml import dump_all
from program_user_info_operator.observed.flink_operator import FlinkOperator, read_flink_operator
from program_user_info_operator.policy.decision import Seen, decide
from program_user_info_operator.policy.desired_state import Site, desired_state
from program_user_info_operator.revisions.candidates import Asked, Candidates
from program_user_info_operator.revisions.history import History
from program_user_info_operator.revisions.release import release_id
from program_user_info_operator.revisions.renderer import Renderer
from program_user_info_operator.revisions.runtime_choice import Offer


def render_job(
    file: Path, environments: Path | None, bundle: BundledJobs, flink_operator: Path | None = None
) -> str:
    """The objects of a new job as YAML documents, FlinkDeployment first. Raises `JobFileError`.

    `flink_operator` is the file of its CRD; without one, it is taken to know every Flink.
    """
    job, resolved, profile = _resolve(file, environments)
    known = _read_flink_operator(flink_operator) if flink_operator else FlinkOperator(())
    owner = Owner(job.name, job.namespace, job.uid)
    candidates = Candidates(
        renderer=Renderer(owner, bundle.service_account),
        offer=Offer(bundle, known),
        asked=Asked(resolved, job.spec, profile, None, release_id(bundle)),
        current=None,
    )
    seen = Seen(
        job=job.name,
        created=datetime.now(UTC),
        spec=resolved.spec,
        refusal=None,
        candidates=candidates,
        history=History((), None),
        records={},
        live={},
        failure=None,
    )
    decision = job.decided(decide(seen, lambda _: "", datetime.now(UTC)))
    maker = ObjectMaker(owner, resolved.spec.environment)
    site = Site(maker, resolved.spec, {}, has_resource=known.has_resource)
    return dump_all(
        document for each in desired_state(decision, site) for document in each.objects()
    )


def explain_job(file: Path, environments: Path | None) -> str:
    """A line for each field of the resolved spec: field, value, source. Raises `JobFileError`."""
    _, resolved, _ = _resolve(file, environments)
    values = leaves(resolved.spec)
    rows = [("FIELD", "SOURCE", "VALUE")]
    for path, source in resolved.sources.items():
        value = values.get(path, _inside(values, path))
        rows.append((path, source.value, json.dumps(value)))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "".join(f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}\n" for row in rows)


def _resolve(
    file: Path, environments: Path | None
) -> tuple[JobFile, Resolved, Mapping[str, Any] | None]:
    """The job, what it resolves to, and the profile that is in it."""
    job = read_job(file)
    profile = read_profile(environments, job.spec, job.namespace) if environments else None
    return job, job.resolved(resolve(job.spec, profile)), profile


def _read_flink_operator(file: Path) -> FlinkOperator:
    crd = read_yaml(file)
    name = (crd.get("metadata") or {}).get("name")
    if name != FLINK_CRD:
        raise JobFileError(f"{file}: must be the CRD {FLINK_CRD}")
    return read_flink_operator(crd)


def _inside(values: dict[str, object], path: str) -> object:
    """The value of one key of a free-form field, such as one option of Flink's."""
    for parent, value in values.items():
        if path.startswith(f"{parent}.") and isinstance(value, dict):
            return value.get(path.removeprefix(f"{parent}."))
    return None
