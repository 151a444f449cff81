"""`diff`: what the controller would change in the cluster, by the API server's own dry run."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from program_user_info_operator.cli.job_file import JobFileError, read_job, read_profile
from program_user_info_operator.cli.yaml_output import dump_all
from program_user_info_operator.cluster.api_server import (
    CONFIG_MAP,
    FLINK_DEPLOYMENT,
    JOB,
    ApiServer,
)
from program_user_info_operator.desired.context import Bundle, Owner
from program_user_info_operator.desired.objects import desired_objects
from program_user_info_operator.environments.profiles import resolve_with_profiles
from program_user_info_operator.environments.resolve import resolve
from program_user_info_operator.reconcile.blocked import Blocked
from program_user_info_operator.reconcile.keys import ProfilesRef
from program_user_info_operator.reconcile.reader import Reader

Object = dict[str, Any]

# Written by the API server or by other controllers.
_FOREIGN = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp")


def diff_job(
    api: ApiServer,
    file: Path,
    environments: Path | None,
    profiles: tuple[str, str],
    bundle: Bundle,
) -> str:
    """A unified diff, empty where nothing would change.

    The profile comes from `environments`, else from the cluster's ConfigMap `profiles`
    (namespace, name). Raises `JobFileError` and `ApiError`.
    """
    job = read_job(file)
    if environments is not None:
        resolved = job.resolved(resolve(job.spec, read_profile(environments, job.spec)))
    else:
        resolved = job.resolved(resolve_with_profiles(job.spec, api.get(CONFIG_MAP, *profiles)))
    live_job = api.get(JOB, job.namespace, job.name)
    uid = live_job["metadata"]["uid"] if live_job else None
    try:
        secrets = Reader(api, ProfilesRef(*profiles)).secrets(resolved.spec, job.namespace)
    except Blocked as blocked:
        raise JobFileError(f"{file}: {blocked.verdict.message}") from blocked
    owner = Owner(job.name, job.namespace, uid)
    desired = desired_objects(resolved, owner, bundle, secrets=secrets)
    return "".join(_diff(api, wanted) for wanted in desired.objects())


def _diff(api: ApiServer, wanted: Object) -> str:
    kind = {each.name: each for each in (FLINK_DEPLOYMENT, CONFIG_MAP)}[wanted["kind"]]
    metadata = wanted["metadata"]
    live = api.get(kind, metadata["namespace"], metadata["name"])
    would_be = api.apply(wanted, dry_run=True)
    name = f"{wanted['kind']}/{metadata['name']}"
    return "".join(
        difflib.unified_diff(
            _lines(live), _lines(would_be), fromfile=f"live/{name}", tofile=f"desired/{name}"
        )
    )


def _lines(document: Object | None) -> list[str]:
    if document is None:
        return []
    metadata = {key: each for key, each in document["metadata"].items() if key not in _FOREIGN}
    shown = {key: each for key, each in document.items() if key != "status"}
    return dump_all([shown | {"metadata": metadata}]).splitlines(keepends=True)
