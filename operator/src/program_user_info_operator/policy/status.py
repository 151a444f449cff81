"""The status fields besides the conditions."""

from __future__ import annotations

from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.api.status import JobStatus
from program_user_info_operator.desired.objects import Desired
from program_user_info_operator.observed.flink_deployment import ObservedJob


def resolved_status(
    old: JobStatus, spec: JobSpec | None, desired: Desired | None, observed: ObservedJob | None
) -> JobStatus:
    """What is known now; without a valid spec, what was last known of the running deployment."""
    if spec is None or desired is None:
        return old
    return JobStatus(
        topic=spec.kafka.topic,
        group_id=spec.kafka.group_id,
        dead_letter_topic=spec.kafka.dead_letter_topic,
        keyspace=spec.cassandra.keyspace,
        table=spec.cassandra.table,
        image=desired.image,
        image_version=_tag(desired.image),
        config_hash=desired.config_map_name.rpartition("-")[2],
        job_id=observed.job_id if observed else None,
        job_state=_job_state(spec, observed),
    )


def _job_state(spec: JobSpec, observed: ObservedJob | None) -> str | None:
    """Flink's own state; a job that never ran, because it was created suspended, has none."""
    found = observed.job_state if observed else None
    return found or ("SUSPENDED" if spec.state == "suspended" else None)


def _tag(image: str) -> str | None:
    """`1.2` of `registry:5000/name:1.2@sha256:…`."""
    last = image.partition("@")[0].rpartition("/")[2]
    return last.partition(":")[2] or None
