"""The start of the job, step by step: each waits until what it needs is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from program_user_info_job.config.load import load_config
from program_user_info_job.kafka.record_sizes import sample_sizes
from program_user_info_job.kafka.topics import prepare_topics
from program_user_info_job.pipeline.arrow_batch import fit_to_events
from program_user_info_job.pipeline.java_client import check_java_client
from program_user_info_job.pipeline.submit import submit
from program_user_info_job.pipeline.waiting import wait_for
from program_user_info_job.store.schema_preparation import prepare_schema

Result = TypeVar("Result")


def start(file: Path, jars: Path | None, say: Callable[[str], None], *, wait: bool) -> None:
    """Prepare what the configuration in `file` names, then submit the pipeline.

    With `wait`, what is missing is said and waited for; without, it is raised as a `JobFailure`.
    What is ready is not asked again, so the group's start is set once.
    """

    def ready(what: str, step: Callable[[], Result]) -> Result:
        return wait_for(what, step, say) if wait else step()

    config = ready("configuration", lambda: load_config(file))
    partitions = ready("Kafka", lambda: prepare_topics(config))
    ready("Kafka's Java client", lambda: check_java_client(config.kafka))
    create = config.cassandra.schema.manage
    ready("Cassandra", lambda: prepare_schema(config, create=create))
    submit(fit_to_events(config, sample_sizes(config.kafka, partitions)), jars)
