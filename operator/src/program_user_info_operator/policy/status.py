"""The status fields besides the conditions."""

from __future__ import annotations

from dataclasses import dataclass

from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.api.status import Checkpoint, JobStatus
from program_user_info_operator.desired.objects import Desired
from program_user_info_operator.environments.resolve import Resolved
from program_user_info_operator.observed.flink_deployment import ObservedJob
from program_user_info_operator.policy.upgrade import Plan


@dataclass(frozen=True)
class Facts:
    """What a reconciliation has found out, besides the verdict."""

    resolved: Resolved
    desired: Desired
    observed: ObservedJob | None
    plan: Plan
    last_checkpoint: Checkpoint | None


def resolved_status(old: JobStatus, facts: Facts | None) -> JobStatus:
    """What is known now; without a valid spec, what was last known of the running deployment."""
    if facts is None:
        return old
    spec, observed = facts.resolved.spec, facts.observed
    return JobStatus(
        topic=spec.kafka.topic,
        group_id=spec.kafka.group_id,
        dead_letter_topic=spec.kafka.dead_letter_topic,
        keyspace=spec.cassandra.keyspace,
        table=spec.cassandra.table,
        image=facts.desired.image,
        image_version=_tag(facts.desired.image),
        config_hash=facts.desired.config_map_name.rpartition("-")[2],
        job_id=observed.job_id if observed else None,
        job_state=_job_state(spec, observed),
        last_checkpoint=facts.last_checkpoint or old.last_checkpoint,
        last_savepoint=(observed.last_savepoint if observed else None) or old.last_savepoint,
        last_good_revision=facts.plan.last_good,
        revisions=list(facts.plan.revisions),
        sources={path: source.value for path, source in facts.resolved.sources.items()},
    )


def differs(new: JobStatus, old: JobStatus) -> bool:
    """Whether the status is worth a write: the last checkpoint, ever another one, is not."""
    return new.model_copy(update={"last_checkpoint": old.last_checkpoint}) != old


def _job_state(spec: JobSpec, observed: ObservedJob | None) -> str | None:
    """Flink's own state; a job that never ran, because it was created suspended, has none."""
    found = observed.job_state if observed else None
    return found or ("SUSPENDED" if spec.state == "suspended" else None)


def _tag(image: str) -> str | None:
    """`1.2` of `registry:5000/name:1.2@sha256:…`."""
    last = image.partition("@")[0].rpartition("/")[2]
    return last.partition(":")[2] or None
