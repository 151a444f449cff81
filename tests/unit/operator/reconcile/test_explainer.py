"""What only explains is asked for, and its failure changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from program_user_info_operator.cluster.api_server import ApiError
from program_user_info_operator.observed.failure import Failure
from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob
from program_user_info_operator.reconcile.explainer import Explainer
from tests.unit.operator.controller import Controller
from tests.unit.operator.world import World

STARTS = ObservedJob(True, Lifecycle.DEPLOYED, "CREATED", "f00", "bad", frozenset())
WORDS = "INFO x\nprogram_user_info_job.kafka: [KafkaUnreachable] no answer\n"


def put_pod(world: World, name: str, component: str = "jobmanager", restarts: int = 0) -> None:
    labels = {"app": "job-1", "type": "flink-native-kubernetes", "component": component}
    metadata = {"name": name, "labels": labels, "creationTimestamp": f"2026-01-01T00:00:0{name}Z"}
    status = {"containerStatuses": [{"restartCount": restarts}]}
    world.put({"kind": "Pod", "metadata": metadata, "status": status})


def failure(world: World) -> Failure | None:
    api: Any = world
    return Explainer(api).failure("ns", "job-1", STARTS)


def test_the_job_managers_log_tells_more_than_what_flink_reports() -> None:
    world = World()
    world.log = WORDS
    assert failure(world) == Failure(
        "JobFailing", "Flink reports: bad — see `kubectl logs` of the job's pods"
    )
    put_pod(world, "1", "taskmanager")
    assert failure(world) is not None
    put_pod(world, "2")
    assert failure(world) == Failure("KafkaUnreachable", "no answer")


def test_pods_are_asked_for_with_little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """An API server that is slow to list pods must not hold up the jobs."""
    world, asked = World(), list[bool]()
    listed = world.list_objects

    def noted(*place: Any, explains: bool = False, **options: Any) -> list[dict[str, Any]]:
        asked.append(explains)
        return listed(*place, explains=explains, **options)

    monkeypatch.setattr(world, "list_objects", noted)
    failure(world)
    assert asked == [True]


@pytest.mark.parametrize(("restarts", "reason"), [(0, "JobFailing"), (1, "KafkaUnreachable")])
def test_of_a_container_that_restarted_the_log_before_counts(restarts: int, reason: str) -> None:
    world = World()
    world.log, world.previous_log = "", WORDS
    put_pod(world, "1", restarts=restarts)
    found = failure(world)
    assert found is not None
    assert found.reason == reason


def test_what_is_said_after_a_restart_is_newer_than_what_was_said_before() -> None:
    world = World()
    world.log = "program_user_info_job.cassandra: [CassandraUnreachable] no answer"
    world.previous_log = WORDS
    put_pod(world, "1", restarts=1)
    assert failure(world) == Failure("CassandraUnreachable", "no answer")


def test_pods_of_other_deployments_explain_nothing() -> None:
    world = World()
    world.log = WORDS
    put_pod(world, "1")
    api: Any = world
    found = Explainer(api).failure("ns", "job-2", STARTS)
    assert found is not None
    assert found.is_generic


def test_where_pods_may_not_be_read_the_status_is_all_there_is() -> None:
    world = World()
    put_pod(world, "1")
    world.refuse["LIST Pod"] = ApiError(403, "no")
    found = failure(world)
    assert found is not None
    assert found.is_generic


def test_what_flink_says_of_the_job_is_read_by_its_id() -> None:
    world = World()
    world.put_job()
    controller = Controller(world)
    controller.rest()
    world.flink_runs()
    world.later(seconds=20)
    name = world.deployment()["metadata"]["name"]
    api: Any = world
    explainer = Explainer(api)
    found = explainer.flink_job("ns", name, STARTS)
    assert found is not None
    assert found.runs_for == timedelta(seconds=20)
    assert found.checkpoint is not None
    assert explainer.flink_job("ns", name, replace(STARTS, job_id=None)) is None
    world.flink_answers = False
    assert explainer.flink_job("ns", name, STARTS) is None
