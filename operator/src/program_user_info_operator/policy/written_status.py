"""The status fields besides the conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from program_user_info_operator.api import names
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.api.status import (
    Change,
    Checkpoint,
    FailureStatus,
    JobStatus,
    RolloutStatus,
    SavepointStatus,
)
from program_user_info_operator.environments.resolve import Source
from program_user_info_operator.observed.flink_deployment import ObservedJob
from program_user_info_operator.policy.deployments import Deployments
from program_user_info_operator.revisions.history import History
from program_user_info_operator.revisions.revision import Revision
from program_user_info_operator.rollout.stages import Standing, is_proving, stages


@dataclass(frozen=True)
class Findings:
    """What there is to say of a job, besides its conditions.

    `spec` and `sources` are None where there is no complete spec. `live` are its FlinkDeployments
    by name, `targets` the ids of what the platform wants it to have, `exempt` what of that it will
    never get; `is_overdue`: it should have begun a revision by now.
    """

    job: str
    spec: JobSpec | None
    sources: Mapping[str, Source] | None
    history: History
    running: Revision | None
    deployments: Deployments
    live: Mapping[str, ObservedJob]
    targets: Mapping[Change, str]
    unknown: frozenset[Change] = frozenset()
    """Changes of which the target cannot be told now: the stage stays what it was."""
    exempt: frozenset[Change] = frozenset()
    is_overdue: bool = False
    last_checkpoint: Checkpoint | None = None
    last_savepoint: SavepointStatus | None = None
    failure: FailureStatus | None = None

    @property
    def writing(self) -> tuple[str, ObservedJob] | None:
        """The FlinkDeployment that writes: the newest one, unless another still does."""
        placed = [self.deployments.main, self.deployments.serving]
        found = [
            (each.name, self.live[each.name]) for each in placed if each and each.name in self.live
        ]
        running = [each for each in found if each[1].runs_current_spec]
        return next(iter(running or found), None)

    def revision_of(self, deployment: str | None) -> str | None:
        """Hash of the revision that this FlinkDeployment is to run."""
        placed = [each for each in self.deployments.wanted if each.name == deployment]
        return placed[0].revision if placed else None


def status_of(old: JobStatus, found: Findings, now: datetime) -> JobStatus:
    """What is known now; without a valid spec, what was last known of what it resolves to."""
    main = found.deployments.main
    name, observed = found.writing or (main.name if main else None, None)
    idle = found.spec is not None and found.spec.state == "suspended"
    standing = Standing(
        found.history.revisions,
        found.history.last_good,
        found.targets,
        found.exempt,
        is_idle=idle,
        is_overdue=found.is_overdue,
    )
    kept = [each for each in old.rollout.changes if each.change in found.unknown]
    rollout = RolloutStatus(
        proving=is_proving(found.history.revisions, found.history.last_good),
        changes=[*stages(standing, old.rollout.changes, now), *kept],
    )
    return old.model_copy(
        update={
            **_resolved(found),
            **_revision(found.running),
            "deployment": name,
            "deployed_revision": found.revision_of(name),
            "job_id": observed.job_id if observed else None,
            "job_state": _job_state(observed, idle=idle),
            "parallelism": observed.parallelism if observed else None,
            "selector": f"{names.LABEL_JOB}={found.job},component=taskmanager",
            "last_checkpoint": found.last_checkpoint or old.last_checkpoint,
            "last_savepoint": found.last_savepoint or old.last_savepoint,
            "failure": found.failure,
            "last_good_revision": found.history.last_good,
            "revisions": list(found.history.revisions),
            "rollout": rollout,
        }
    )


def differs(new: JobStatus, old: JobStatus) -> bool:
    """Whether the status is worth a write: the last checkpoint, ever another one, is not."""
    return new.model_copy(update={"last_checkpoint": old.last_checkpoint}) != old


def _resolved(found: Findings) -> dict[str, object]:
    if found.spec is None or found.sources is None:
        return {}
    kafka, cassandra = found.spec.kafka, found.spec.cassandra
    bundle = cassandra.secure_connect_bundle
    return {
        "bootstrap_servers": kafka.bootstrap_servers,
        "topic": kafka.topic,
        "additional_topics": kafka.additional_topics,
        "group_id": kafka.group_id,
        "dead_letter_topic": kafka.dead_letter_topic,
        "contact_points": cassandra.contact_points or [],
        "secure_connect_bundle": bundle.secret_name if bundle else None,
        "keyspace": cassandra.keyspace,
        "table": cassandra.table,
        "sources": {path: source.value for path, source in found.sources.items()},
    }


def _revision(running: Revision | None) -> dict[str, object]:
    if running is None:
        return {}
    return {
        "image": running.image,
        "image_version": _tag(running.image),
        "flink_version": running.runtime.line,
        "config_hash": running.config_hash,
    }


def _job_state(observed: ObservedJob | None, *, idle: bool) -> str | None:
    """Flink's own state; a job that never ran, because it was created suspended, has none."""
    found = observed.job_state if observed else None
    return found or ("SUSPENDED" if idle else None)


def _tag(image: str) -> str | None:
    """`1.2` of `registry:5000/name:1.2@sha256:…`."""
    last = image.partition("@")[0].rpartition("/")[2]
    return last.partition(":")[2] or None
