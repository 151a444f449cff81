"""`diff`: what the controller would change in the cluster, by the API server's own dry run.

A job that waits for its turn in a rollout is shown as it will be when it has it.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from program_user_info_operator.cli.job_file import JobFileError, read_job, read_profile
from program_user_info_operator.cluster.api_server import (
    CONFIG_MAP,
    FLINK_DEPLOYMENT,
    JOB,
    ApiServer,
)
from program_user_info_operator.desired.bundled_jobs import BundledJobs
from program_user_info_operator.desired.objects import ObjectMaker
from program_user_info_operator.environments.profiles import Profiles
from program_user_info_operator.kubernetes_yaml import dump_all
from program_user_info_operator.policy.decision import decide
from program_user_info_operator.policy.desired_state import Site, desired_state
from program_user_info_operator.reconcile.gatherer import Gatherer
from program_user_info_operator.reconcile.installation import Installation, Key, ProfilesRef
from program_user_info_operator.reconcile.jobs_index import JobsIndex
from program_user_info_operator.reconcile.options import Options
from program_user_info_operator.reconcile.reader import Reader
from program_user_info_operator.revisions.release import release_id
from program_user_info_operator.rollout.standings import Target, Waves

Object = dict[str, Any]

# Written by the API server or by other controllers.
_FOREIGN = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp")


def diff_job(
    api: ApiServer,
    file: Path,
    environments: Path | None,
    profiles: tuple[str, str],
    bundle: BundledJobs,
) -> str:
    """A unified diff, empty where nothing would change.

    The profile comes from `environments`, else from the cluster's ConfigMap `profiles`
    (namespace, name). Raises `JobFileError` and `ApiError`.
    """
    job = read_job(file)
    live = api.get(JOB, job.namespace, job.name)
    metadata = live["metadata"] if live else _metadata_of_a_new_job(job.name, job.namespace)
    wished = {"metadata": metadata, "spec": job.spec, "status": (live or {}).get("status")}
    own = None
    if environments is not None:
        own = _as_profiles(job.spec, read_profile(environments, job.spec, job.namespace))
    gathered = _gatherer(api, profiles, bundle, own).gather(Key(job.namespace, job.name), wished)
    decision = job.decided(decide(gathered.seen, lambda _: "", datetime.now(UTC)))
    spec = gathered.seen.spec
    if spec is None:
        raise JobFileError(f"{file}: the job cannot be deployed")
    maker = ObjectMaker(gathered.owner, gathered.environment)
    site = Site(maker, spec, gathered.seen.live, has_resource=gathered.has_resource)
    wanted = [document for each in desired_state(decision, site) for document in each.objects()]
    before = ((live or {}).get("status") or {}).get("deployment")
    return "".join(_diff(api, document, before) for document in wanted)


def _gatherer(
    api: ApiServer, profiles: tuple[str, str], bundle: BundledJobs, own: Profiles | None
) -> Gatherer:
    """What the controller would read, live: no other jobs, and no digests of Secrets."""
    installation = Installation(profiles[0], "diff", ProfilesRef(*profiles))
    target = Target(release_id(bundle), bundle.release)
    options = Options(bundle, installation, timedelta())
    reader = Reader(api, installation, api, may_make_key=False)
    return Gatherer(reader, JobsIndex(Waves(1, ()), target, str(installation)), options, own)


def _as_profiles(spec: Mapping[str, Any], profile: Mapping[str, Any] | None) -> Profiles:
    if profile is None:
        return Profiles({})
    return Profiles({str(spec.get("environment")): dump_all([profile])})


def _metadata_of_a_new_job(name: str, namespace: str) -> Object:
    now = datetime.now(UTC).isoformat()
    return {"name": name, "namespace": namespace, "uid": None, "creationTimestamp": now}


def _diff(api: ApiServer, wanted: Object, before: str | None) -> str:
    """A new revision's own FlinkDeployment is compared with the one that runs, called `before`."""
    kind = {each.name: each for each in (FLINK_DEPLOYMENT, CONFIG_MAP)}[wanted["kind"]]
    name, namespace = wanted["metadata"]["name"], wanted["metadata"]["namespace"]
    live = api.get(kind, namespace, name)
    would_be = api.apply(wanted, dry_run=True)
    old = name
    if live is None and kind is FLINK_DEPLOYMENT and before is not None:
        live, old = api.get(kind, namespace, before), before
    return "".join(
        difflib.unified_diff(
            _lines(live),
            _lines(would_be),
            fromfile=f"live/{wanted['kind']}/{old}",
            tofile=f"desired/{wanted['kind']}/{name}",
        )
    )


def _lines(document: Object | None) -> list[str]:
    if document is None:
        return []
    metadata = {key: each for key, each in document["metadata"].items() if key not in _FOREIGN}
    shown = {key: each for key, each in document.items() if key != "status"}
    return dump_all([shown | {"metadata": metadata}]).splitlines(keepends=True)
