"""`spec.flink`, resources, checkpoints and autoscaling: bounds, defaults, the server's rules."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from program_user_info_operator.api.flink_section import (
    Autoscaling,
    Checkpoints,
    Flink,
    JobResources,
    Resources,
)
from tests.unit.operator.sections import refused, rules


@pytest.mark.parametrize(
    ("section", "given", "line"),
    [
        (Resources, {"cpu": 0}, "cpu: must be more than 0.0"),
        (Resources, {"cpu": 128.5}, "cpu: must be at most 128.0"),
        (
            Resources,
            {"memory": "2G"},
            "memory: must be an amount of memory such as 2048m, 2g or 2Gi",
        ),
        (
            Checkpoints,
            {"interval": "0s"},
            "interval: must be a duration such as 500ms, 10s or 5min",
        ),
        (
            Checkpoints,
            {"storage": "bucket"},
            (
                "storage: must be a URI such as s3://bucket/path, or claim:NAME of a"
                " PersistentVolumeClaim"
            ),
        ),
        (Autoscaling, {"minParallelism": 0}, "minParallelism: must be at least 1"),
        (Autoscaling, {"maxParallelism": 1025}, "maxParallelism: must be at most 1024"),
        (Autoscaling, {"targetUtilization": 0}, "targetUtilization: must be more than 0.0"),
        (Autoscaling, {"targetUtilization": 1.1}, "targetUtilization: must be at most 1.0"),
        (Flink, {"version": "1.20"}, "version: must be a Flink version such as v1_20"),
        (Flink, {"configuration": {"a": 1}}, "configuration.a: must be a string, not a number"),
        (Flink, {"podTemplate": []}, "podTemplate: must be a mapping, not a list"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_right(
    section: type[BaseModel], given: dict[str, Any], line: str
) -> None:
    assert refused(section, given) == [line]


@pytest.mark.parametrize("cpu", [1, 0.5, 128])
def test_a_whole_number_of_cpus_is_a_number_too(cpu: float) -> None:
    assert Resources.model_validate({"cpu": cpu}).cpu == cpu


def test_a_task_manager_has_twice_the_memory_of_the_job_manager() -> None:
    found = JobResources()
    assert (found.job_manager.memory, found.task_manager.memory) == ("1024m", "2048m")
    assert found.job_manager.cpu == found.task_manager.cpu == 1.0


def test_where_only_the_cpus_are_given_the_memory_is_the_pods_own_default() -> None:
    found = JobResources.model_validate({"jobManager": {"cpu": 0.1}, "taskManager": {"cpu": 0.1}})
    assert (found.job_manager.memory, found.task_manager.memory) == ("1024m", "2048m")


def test_a_pod_template_is_kept_as_it_is() -> None:
    template = {"spec": {"containers": [{"name": "x", "any": {"thing": [1, None]}}]}}
    assert Flink.model_validate({"podTemplate": template}).pod_template == template
    schema = Flink.model_json_schema(by_alias=True)["properties"]["podTemplate"]
    assert schema["x-kubernetes-preserve-unknown-fields"] is True


def test_the_api_server_refuses_bounds_in_the_wrong_order_and_owned_options() -> None:
    assert rules(Autoscaling) == ["minParallelism must not exceed maxParallelism"]
    field = Flink.model_json_schema(by_alias=True)["properties"]["configuration"]
    (rule,) = field["x-kubernetes-validations"]
    assert rule["message"].startswith("sets an option that the operator sets itself")
    assert "'kubernetes.cluster-id'" in rule["rule"]
