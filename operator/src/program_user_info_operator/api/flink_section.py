"""`spec.flink` and what else is about the pods: resources, checkpoints, autoscaling."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from program_user_info_operator.api.checks import Rule, cel, cel_list
from program_user_info_operator.api.flink_options import OWNED_OPTIONS
from program_user_info_operator.api.pod_template import PodTemplate
from program_user_info_operator.api.scalars import (
    Duration,
    FlinkVersion,
    Memory,
    Storage,
)
from program_user_info_operator.api.section import Section


class Resources(Section):
    """Memory and CPU of one pod."""

    cpu: Annotated[float, Field(gt=0, le=128)] = Field(1.0, description="CPUs of the pod.")
    memory: Memory = Field(
        "2048m", description="Memory of the pod. As in Flink, m is MiB and g is GiB."
    )


class JobManagerResources(Resources):
    """Less memory, also where only the CPUs are given: no event passes through it."""

    memory: Memory = Field(
        "1024m", description="Memory of the pod. As in Flink, m is MiB and g is GiB."
    )


class JobResources(Section):
    """Memory and CPU of the two kinds of pods."""

    job_manager: JobManagerResources = Field(JobManagerResources(), description="The JobManager.")
    task_manager: Resources = Field(Resources(), description="Each TaskManager.")


class Checkpoints(Section):
    """When offsets are committed, and where state goes."""

    interval: Duration = Field("10s", description="Interval of checkpoints.")
    storage: Storage | None = Field(
        None,
        description="Where Flink keeps state. Needed with upgrade.mode last-state or savepoint, and"
        " for savepoints.",
    )


class Autoscaling(Section):
    """Scaling by the Flink operator's autoscaler."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            Rule(
                "!has(self.minParallelism) || !has(self.maxParallelism)"
                " || self.minParallelism <= self.maxParallelism",
                "minParallelism must not exceed maxParallelism",
            )
        )
    )
    enabled: bool = Field(False, description="Let the Flink operator choose the parallelism.")
    min_parallelism: Annotated[int, Field(ge=1, le=1024)] = Field(1, description="Lower bound.")
    max_parallelism: Annotated[int, Field(ge=1, le=1024)] = Field(8, description="Upper bound.")
    target_utilization: Annotated[float, Field(gt=0, le=1)] = Field(
        0.7, description="Share of time that the job should be busy."
    )


class Flink(Section):
    """Settings of Flink and of the pods, merged last."""

    version: FlinkVersion | None = Field(
        None,
        description="Line of Flink, such as v2_2. It selects the bundled job, or says which Flink"
        " image contains. Default: the newest bundled line that the installed Flink operator"
        " supports, chosen when the job is created and when a release reaches it.",
    )
    configuration: Annotated[
        dict[str, str],
        Field(
            max_length=256,
            json_schema_extra=cel(
                Rule(
                    f"self.all(key, !(key in {cel_list(OWNED_OPTIONS)}))",
                    "sets an option that the operator sets itself; use the field of spec instead",
                )
            ),
        ),
    ] = Field(
        {},
        description="Flink options. Those that the operator sets itself are refused: use the"
        " field of spec.",
    )
    pod_template: PodTemplate = Field({}, description="Merged over the pod template of all pods.")
