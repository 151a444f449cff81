"""`reconcile(key)` beside a small model of the API server; the real one is in tests/integration."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from program_user_info_operator.cluster.api_server import (
    CONFIG_MAP,
    EVENT,
    POD,
    ApiError,
    Kind,
)
from program_user_info_operator.revisions.history import KEPT_GOOD
from tests.objects import without
from tests.unit.operator.controller import Controller
from tests.unit.operator.world import World

Object = dict[str, Any]
CHILDREN = "lern.sunbird.org/job=job"


def test_a_new_job_is_deployed_and_then_nothing_is_written(
    world: World, controller: Controller
) -> None:
    assert controller.reconcile() == [
        "apply ProgramUserInfoJob/status",
        "apply ConfigMap",
        "apply ConfigMap",
        "apply FlinkDeployment",
        "create Event Upgrading",
    ]
    assert controller.reconcile() == []
    world.flink_runs()
    assert controller.reconcile() == ["apply ProgramUserInfoJob/status", "create Event Running"]
    assert world.state() == ("Ready", "Running")
    assert world.job()["status"]["jobId"] == "f00"
    assert world.job()["status"]["lastCheckpoint"] == {"id": 7, "time": "2026-01-01T00:00:00Z"}
    assert controller.reconcile() == []


def test_of_what_is_announced_on_the_way_no_event_tells(
    world: World, controller: Controller
) -> None:
    """A job that is created suspended is so at once."""
    world.put_job(state="suspended")
    assert controller.reconcile() == [
        "apply ProgramUserInfoJob/status",
        "apply ConfigMap",
        "apply ConfigMap",
        "apply FlinkDeployment",
        "apply ProgramUserInfoJob/status",
        "create Event Suspended",
    ]


@pytest.mark.parametrize("what", ["apply ConfigMap", "apply FlinkDeployment"])
def test_an_event_tells_what_began_where_the_rest_of_it_failed(
    world: World, controller: Controller, what: str
) -> None:
    """The next reconciliation finds it in the status, and takes it for known."""
    world.refuse[what] = ApiError(500, "etcdserver: leader changed")
    with pytest.raises(ApiError):
        controller.reconcile()
    assert "create Event Upgrading" in world.writes
    world.refuse.clear()
    assert "create Event Upgrading" not in controller.reconcile()


def test_a_status_that_was_announced_is_not_written_again_because_time_has_passed(
    world: World, controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = world.apply

    def slowly(*arguments: Any, **options: Any) -> Object:
        world.later(seconds=1)
        return apply(*arguments, **options)

    monkeypatch.setattr(world, "apply", slowly)
    assert controller.reconcile().count("apply ProgramUserInfoJob/status") == 1


def test_there_are_no_pods_to_look_at_until_the_flink_operator_has_taken_it_up(
    world: World, controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, list_objects = [], world.list_objects

    def noted(kind: Kind, *arguments: Any, **options: Any) -> list[Object]:
        looks.append(kind)
        return list_objects(kind, *arguments, **options)

    monkeypatch.setattr(world, "list_objects", noted)
    for _ in range(2):
        controller.reconcile()
    assert POD not in looks
    world.flink_runs(state="RECONCILING")
    controller.reconcile()
    assert POD in looks


def test_a_changed_profile_rolls_the_job_and_old_configurations_go(
    world: World, controller: Controller
) -> None:
    controller.settle()
    for number in range(KEPT_GOOD + 1):
        world.put_profile(f"kafka: {{topic: other-{number}}}")
        assert controller.reconcile()[1:4] == ["apply ConfigMap"] * 2 + ["apply FlinkDeployment"]
        controller.settle()
    assert world.outcomes()[-1] == (KEPT_GOOD + 2, "Profile", "Stable")
    left = world.list_objects(CONFIG_MAP, "ns", CHILDREN)
    topics = [yaml.safe_load(each["data"]["config.yaml"])["kafka"]["topic"] for each in left]
    assert sorted(set(topics)) == [f"other-{number}" for number in range(1, KEPT_GOOD + 1)]
    assert len(topics) == 2 * KEPT_GOOD
    assert controller.reconcile() == []


def test_a_new_job_that_got_no_further_than_its_status_is_the_same_revision(world: World) -> None:
    world.dies_after = len(world.writes) + 1
    with pytest.raises(KeyboardInterrupt):
        Controller(world).reconcile()
    world.dies_after = None
    assert not world.deployments()
    Controller(world).settle()
    assert world.outcomes() == [(1, "Created", "Stable")]


@pytest.mark.parametrize("writes", range(1, 14))
def test_killed_after_any_write_the_next_run_ends_in_the_same_objects(writes: int) -> None:
    worlds = World(), World()
    for world in worlds:
        world.put_job()
        Controller(world).settle()
        world.put_profile("kafka: {topic: other}")
    undisturbed, disturbed = worlds
    disturbed.dies_after = len(disturbed.writes) + writes - 1
    for world in worlds:
        for _ in range(4):
            try:
                Controller(world).reconcile()
            except KeyboardInterrupt:
                world.dies_after = None
                Controller(world).reconcile()
            world.flink_runs()
            world.later(minutes=1)
        assert Controller(world).reconcile() == []
    assert stable_part(disturbed) == stable_part(undisturbed)


def stable_part(world: World) -> Any:
    """All objects, without versions and times."""
    passing = (
        *("resourceVersion", "creationTimestamp", "managedFields", "reconciliationStatus"),
        *("started", "lastTransitionTime", "since", "stoppedSince", "lastCheckpoint"),
    )
    return without({str(place): each for place, each in world.objects.items()}, passing)


@pytest.mark.parametrize("text", ["a: [", "kafka: {topic: a b}", "state: running"])
def test_an_invalid_profile_stalls_the_job_and_touches_no_child(
    world: World, controller: Controller, text: str
) -> None:
    controller.reconcile()
    status = dict(world.job()["status"])
    world.put_profile(text)
    assert controller.reconcile() == [
        "apply ProgramUserInfoJob/status",
        "create Event ProfileInvalid",
    ]
    assert world.state() == ("Stalled", "ProfileInvalid")
    assert world.job()["status"]["topic"] == status["topic"]


def test_without_the_flink_operator_the_job_waits_for_it(world: World) -> None:
    crd = world.objects.pop(("CustomResourceDefinition", "", "flinkdeployments.flink.apache.org"))
    Controller(world).reconcile()
    assert world.state() == ("Stalled", "FlinkOperatorMissing")
    world.put(crd)
    Controller(world).reconcile()
    assert world.state() == ("Reconciling", "Upgrading")


def test_a_flink_version_that_the_operator_does_not_know_is_refused(
    world: World, controller: Controller
) -> None:
    world.put_job(flink={"version": "v2_2"})
    assert controller.reconcile() == [
        "apply ProgramUserInfoJob/status",
        "create Event FlinkVersionUnsupported",
    ]
    assert "its newest is v1_20" in world.message()
    assert controller.recheck is not None


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "spec.flinkVersion: v9_9"),
        (422, "spec.flinkVersion: v9_9"),
        (500, "failed to create typed patch object: spec.podTemplate: expected list"),
    ],
)
def test_a_refused_object_stalls_the_job_with_the_servers_words(
    world: World, controller: Controller, status: int, said: str
) -> None:
    world.refuse["apply FlinkDeployment"] = ApiError(status, said)
    controller.reconcile()
    assert world.state() == ("Stalled", "FlinkDeploymentRefused")
    assert said in world.message()
    assert controller.reconcile() == []


@pytest.mark.parametrize("what", ["apply FlinkDeployment", "GET FlinkDeployment", "apply Program"])
@pytest.mark.parametrize("status", [0, 409, 429, 500])
def test_a_passing_failure_is_raised_for_the_queue_to_retry(
    world: World, controller: Controller, what: str, status: int
) -> None:
    world.refuse[what] = ApiError(status, "later")
    with pytest.raises(ApiError):
        controller.reconcile()


def test_an_event_that_cannot_be_posted_stops_nothing(world: World, controller: Controller) -> None:
    world.refuse[f"create {EVENT.name}"] = ApiError(403, "forbidden")
    controller.reconcile()
    assert world.state() == ("Reconciling", "Upgrading")


def test_what_keeps_the_job_from_running_is_told(world: World, controller: Controller) -> None:
    controller.reconcile()
    world.flink_runs(state="RECONCILING")
    put_job_manager(world, restarts=0)
    world.log = "x program_user_info_job.store: [CassandraUnreachable] no node answers\n y"
    controller.reconcile()
    assert world.state() == ("Reconciling", "CassandraUnreachable")
    assert "no node answers" in world.message()


def put_job_manager(world: World, *, restarts: int) -> None:
    name = world.deployment()["metadata"]["name"]
    metadata = {
        "name": "job-1",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"app": name, "type": "flink-native-kubernetes", "component": "jobmanager"},
    }
    status = {"containerStatuses": [{"restartCount": restarts}]}
    world.put({"kind": "Pod", "metadata": metadata, "status": status})


def test_the_last_words_of_a_container_count_until_the_next_one_speaks(
    world: World, controller: Controller
) -> None:
    controller.reconcile()
    world.flink_runs(state="RECONCILING")
    world.previous_log = "program_user_info_job.x: [KafkaUnreachable] no answer"
    put_job_manager(world, restarts=0)
    controller.reconcile()
    assert world.state() == ("Reconciling", "Deploying")
    put_job_manager(world, restarts=1)
    controller.reconcile()
    assert world.state() == ("Reconciling", "KafkaUnreachable")
    world.log = "program_user_info_job.x: [CassandraUnreachable] no node answers"
    controller.reconcile()
    assert world.state() == ("Reconciling", "CassandraUnreachable")


def test_a_flink_operator_that_does_not_look_is_named(world: World, controller: Controller) -> None:
    controller.reconcile()
    world.deployment()["metadata"]["creationTimestamp"] = world.now.isoformat()
    controller.reconcile()
    assert world.state() == ("Reconciling", "Upgrading")
    world.later(minutes=2)
    controller.reconcile()
    assert world.state() == ("Stalled", "FlinkOperatorSilent")
