"""Gathers what a decision about a job goes by.

job, ConfigMaps, FlinkDeployments, profiles   from what the watches told
Flink operator's CRD, Secrets                 by name
all other jobs                                from their statuses
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.api.status import Change, JobStatus
from program_user_info_operator.desired.owner import Owner
from program_user_info_operator.environments.profiles import (
    ProfileProblem,
    Profiles,
    profile_id,
)
from program_user_info_operator.environments.resolve import Resolved, Unresolved, resolve
from program_user_info_operator.observed.flink_deployment import ObservedJob, observe
from program_user_info_operator.policy.decision import Seen
from program_user_info_operator.policy.shared_group import own_use, refuse_shared_group
from program_user_info_operator.reconcile.installation import Key
from program_user_info_operator.reconcile.jobs_index import JobsIndex
from program_user_info_operator.reconcile.options import Options
from program_user_info_operator.reconcile.reader import Reader
from program_user_info_operator.revisions.candidates import Asked, Candidates
from program_user_info_operator.revisions.history import History
from program_user_info_operator.revisions.record import recorded
from program_user_info_operator.revisions.renderer import Renderer
from program_user_info_operator.revisions.revision import Revision
from program_user_info_operator.revisions.runtime_choice import Offer

Object = dict[str, Any]


@dataclass(frozen=True)
class Gathered:
    """What was read, and what is seen in it.

    `targets` are the ids of what the platform wants the job to have, `unknown` the changes of which
    that cannot be told now.
    """

    key: Key
    job: Object
    status: JobStatus
    owner: Owner
    config_maps: dict[str, Object]
    deployments: dict[str, Object]
    resolved: Resolved | None
    seen: Seen
    targets: Mapping[Change, str]
    unknown: frozenset[Change]
    exempt: frozenset[Change]
    has_resource: bool
    """Whether the Flink operator's CRD has `resource`."""
    profiles_of: str | None
    """Of which release the profiles are, where that is not this one."""

    @property
    def environment(self) -> str:
        """Of the job; it cannot be changed."""
        return str(self.job["spec"].get("environment"))


class Gatherer:
    """Safe to use from several threads."""

    def __init__(
        self, reader: Reader, index: JobsIndex, options: Options, profiles: Profiles | None = None
    ) -> None:
        """`profiles` stand in for those of the cluster."""
        self._reader = reader
        self._index = index
        self._options = options
        self._profiles = profiles

    def gather(self, key: Key, job: Object) -> Gathered:
        """Read everything. Raises `ApiError` if the API server refuses or does not answer now."""
        status = JobStatus.model_validate(job.get("status") or {})
        owner = Owner(key.name, key.namespace, job["metadata"]["uid"])
        config_maps = self._reader.config_maps(owner)
        deployments = self._reader.deployments(owner)
        live = {name: observe(each) for name, each in deployments.items()}
        records = recorded(config_maps.values())
        history = History(tuple(status.revisions), status.last_good_revision, frozenset(records))
        current = _current(history, records, live)
        profiles = self._profiles or self._reader.profiles()
        profile = _profile(profiles, key, job, current)
        resolution = _resolved(job, profile)
        resolved = None if isinstance(resolution, Refusal) else resolution[0]
        found = self._candidates(key, job, owner, resolution, current)
        refusal = found if isinstance(found, Refusal) else None
        candidates = found if isinstance(found, Candidates) else None
        spec = resolved.spec if resolved is not None else _spec_of(current, job)
        annotations = job["metadata"].get("annotations") or {}
        targets = self._targets(profile, candidates)
        return Gathered(
            key=key,
            job=job,
            status=status,
            owner=owner,
            config_maps=config_maps,
            deployments=deployments,
            resolved=resolved,
            seen=Seen(
                job=key.name,
                created=_created(job),
                spec=spec,
                refusal=refusal,
                candidates=candidates,
                history=history,
                records=records,
                live={name: each for name, each in live.items() if not each.is_being_deleted},
                failure=status.failure,
                is_paused=annotations.get(names.ANNOTATION_PAUSED) == "true",
            ),
            targets=targets,
            unknown=frozenset() if candidates is not None else frozenset(Change) - targets.keys(),
            exempt=_exempt(spec),
            has_resource=candidates is None or candidates.offer.flink_operator.has_resource,
            profiles_of=self._other_release(profiles),
        )

    def _candidates(
        self,
        key: Key,
        job: Object,
        owner: Owner,
        found: tuple[Resolved, Object | None] | Refusal,
        current: Revision | None,
    ) -> Candidates | Refusal:
        if isinstance(found, Refusal):
            return found
        resolved, profile = found
        flink_operator = self._reader.flink_operator()
        if isinstance(flink_operator, Refusal):
            return flink_operator
        spec, before = resolved.spec, current.inputs if current else None
        secrets = self._reader.secrets.digest(key, spec, before.secrets if before else None)
        if isinstance(secrets, Refusal):
            return secrets
        use = own_use(str(key), _created(job), spec)
        refusal = refuse_shared_group(use, self._index.rivals(use))
        if refusal is not None:
            return refusal
        bundle = self._options.bundle
        return Candidates(
            renderer=Renderer(owner, bundle.service_account),
            offer=Offer(bundle, flink_operator),
            asked=Asked(resolved, job["spec"], profile, secrets, self._index.target.id),
            current=current,
        )

    def _targets(
        self, profile: Object | ProfileProblem | None, candidates: Candidates | None
    ) -> dict[Change, str]:
        targets = {Change.RELEASE: self._index.target.id}
        if not isinstance(profile, ProfileProblem):
            targets[Change.PROFILE] = profile_id(profile)
        if candidates is not None and candidates.asked.secrets is not None:
            targets[Change.SECRET] = candidates.asked.secrets
        return targets

    def _other_release(self, profiles: Profiles) -> str | None:
        """An upgrade changes the profiles just before the controller: jobs get both together."""
        if profiles.bundle is None or set(profiles.bundle.split()) == self._options.bundle.words:
            return None
        return profiles.bundle


def _current(
    history: History, records: Mapping[str, Revision], live: Mapping[str, ObservedJob]
) -> Revision | None:
    """The revision that should be deployed; where no status says which, the one that is."""
    running = history.running
    if running is not None and running.hash in records:
        return records[running.hash]
    deployed = (records.get(each.revision or "") for each in live.values())
    return next((each for each in deployed if each is not None), None)


def _profile(
    profiles: Profiles, key: Key, job: Object, current: Revision | None
) -> Object | ProfileProblem | None:
    had_one = bool(current and current.inputs and current.inputs.profile)
    environment = str(job["spec"].get("environment"))
    return profiles.find(environment, key.namespace, had_one=had_one)


def _resolved(
    job: Object, profile: Object | ProfileProblem | None
) -> tuple[Resolved, Object | None] | Refusal:
    """The complete spec, with the profile that is in it."""
    if isinstance(profile, ProfileProblem):
        return Refusal(profile.reason, profile.message)
    found = resolve(job["spec"], profile)
    if isinstance(found, Unresolved):
        reason = "ProfileInvalid" if found.in_profile else "InvalidSpec"
        return Refusal(reason, "; ".join(found.messages))
    return found, profile


def _spec_of(current: Revision | None, job: Object) -> JobSpec | None:
    """What runs, where what is asked for is not to be had; whether it runs is the user's to say."""
    if current is None or current.inputs is None:
        return None
    inputs = current.inputs
    state = job["spec"].get("state")
    passing = {"environment": job["spec"].get("environment")}
    if state in ("running", "suspended"):
        passing["state"] = state
    found = resolve({**inputs.spec, **passing}, inputs.profile, inputs.defaults)
    return found.spec if isinstance(found, Resolved) else None


def _created(job: Object) -> datetime:
    return datetime.fromisoformat(job["metadata"]["creationTimestamp"])


def _exempt(spec: JobSpec | None) -> frozenset[Change]:
    """The changes of the platform that the job will not get."""
    if spec is None:
        return frozenset()
    if spec.upgrade.revision is not None:
        return frozenset(Change)
    return frozenset([Change.RELEASE]) if spec.is_pinned else frozenset()
