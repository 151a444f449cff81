"""`reconcile(key)` beside a small model of the API server; the real one is in tests/integration."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from program_user_info_operator.cluster.api_server import (
    CONFIG_MAP,
    EVENT,
    FLINK_DEPLOYMENT,
    JOB,
    ApiError,
    Kind,
)
from program_user_info_operator.desired.context import Bundle
from program_user_info_operator.reconcile import Key, ProfilesRef, Reconciler
from tests.unit.operator.test_resolve import CR

KEY = Key("ns", "job")
Object = dict[str, Any]


class ApiServerModel:
    """Objects by kind and name; every write is counted and may fail."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], Object] = {}
        self.writes: list[str] = []
        self.refuse: dict[str, ApiError] = {}
        self.dies_after: int | None = None

    def put(self, document: Object) -> None:
        metadata = document["metadata"]
        metadata.setdefault("namespace", KEY.namespace)
        self.objects[document["kind"], metadata["namespace"], metadata["name"]] = document

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        if f"GET {kind.name}" in self.refuse:
            raise self.refuse[f"GET {kind.name}"]
        return copy.deepcopy(self.objects.get((kind.name, namespace, name)))

    def list_objects(self, kind: Kind, namespace: str | None, selector: str = "") -> list[Object]:
        name, _, value = selector.partition("=")
        return [
            copy.deepcopy(each)
            for (found, where, _), each in self.objects.items()
            if (found, where) == (kind.name, namespace)
            and (each["metadata"].get("labels") or {}).get(name) == value
        ]

    def apply(self, desired: Mapping[str, Any], *, subresource: str = "") -> Object:
        kind, name = desired["kind"], desired["metadata"]["name"]
        self._write(f"apply {kind}{subresource and '/' + subresource}")
        namespace = desired["metadata"]["namespace"]
        live = self.objects.get((kind, namespace, name), {"metadata": {"generation": 1}})
        if subresource:
            live["status"] = copy.deepcopy(desired["status"])
        else:
            merged = live | copy.deepcopy(dict(desired))
            merged["metadata"] = live["metadata"] | dict(desired["metadata"])
            live = self.objects[kind, namespace, name] = merged
        return copy.deepcopy(live)

    def create(self, kind: Kind, namespace: str, body: Mapping[str, Any]) -> None:
        self._write(f"create {kind.name} {body['reason']}")

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        self._write(f"delete {kind.name}")
        self.objects.pop((kind.name, namespace, name), None)

    def _write(self, what: str) -> None:
        for refused, error in self.refuse.items():
            if what.startswith(refused):
                raise error
        self.writes.append(what)
        if self.dies_after is not None and len(self.writes) > self.dies_after:
            raise KeyboardInterrupt


@pytest.fixture
def api() -> ApiServerModel:
    model = ApiServerModel()
    model.put(
        {
            "kind": "ProgramUserInfoJob",
            "metadata": {"name": "job", "uid": "u1", "generation": 1, "resourceVersion": "1"},
            "spec": CR,
        }
    )
    return model


def reconcile(api: ApiServerModel) -> list[str]:
    """Reconcile once; the writes that it took."""
    before = len(api.writes)
    reconciler = Reconciler(
        api,  # type: ignore[arg-type]
        Bundle("image", "1.0"),
        ProfilesRef("operator", "profiles"),
        lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )
    reconciler.reconcile(KEY)
    return api.writes[before:]


def job(api: ApiServerModel) -> Object:
    return api.objects["ProgramUserInfoJob", "ns", "job"]


def state(api: ApiServerModel) -> tuple[str, str]:
    """The one true condition and its reason."""
    (true,) = [each for each in job(api)["status"]["conditions"] if each["status"] == "True"]
    return true["type"], true["reason"]


def profile(api: ApiServerModel, text: str) -> None:
    metadata = {"name": "profiles", "namespace": "operator"}
    api.put({"kind": "ConfigMap", "metadata": metadata, "data": {"dev": text}})


def flink_runs_it(api: ApiServerModel) -> None:
    """What the Flink operator writes once the present spec runs stably."""
    deployment = api.objects["FlinkDeployment", "ns", "job"]
    generation = {"resource_metadata": {"metadata": deployment["metadata"]}}
    reconciled = json.dumps({"spec": deployment["spec"], **generation})
    deployment["status"] = {
        "lifecycleState": "STABLE",
        "jobStatus": {"state": "RUNNING", "jobId": "f00"},
        "reconciliationStatus": {"lastReconciledSpec": reconciled, "lastStableSpec": reconciled},
    }


def test_a_new_job_is_deployed_and_then_nothing_is_written(api: ApiServerModel) -> None:
    assert reconcile(api) == [
        "apply ConfigMap",
        "apply FlinkDeployment",
        "apply ProgramUserInfoJob/status",
        "create Event Upgrading",
    ]
    assert reconcile(api) == []
    flink_runs_it(api)
    assert reconcile(api) == ["apply ProgramUserInfoJob/status", "create Event Running"]
    assert state(api) == ("Ready", "Running")
    assert job(api)["status"]["jobId"] == "f00"
    assert reconcile(api) == []


def test_a_changed_profile_rolls_the_job_and_old_configurations_go(api: ApiServerModel) -> None:
    reconcile(api)
    flink_runs_it(api)
    reconcile(api)
    profile(api, "kafka: {topic: other}")
    assert reconcile(api)[:2] == ["apply ConfigMap", "apply FlinkDeployment"]
    assert len(api.list_objects(CONFIG_MAP, "ns", "lern.sunbird.org/job=job")) == 2
    flink_runs_it(api)
    assert "delete ConfigMap" in reconcile(api)
    (left,) = api.list_objects(CONFIG_MAP, "ns", "lern.sunbird.org/job=job")
    assert yaml.safe_load(left["data"]["config.yaml"])["kafka"]["topic"] == "other"
    assert reconcile(api) == []


@pytest.mark.parametrize("writes", range(1, 8))
def test_killed_after_any_write_the_next_run_ends_in_the_same_objects(
    api: ApiServerModel, writes: int
) -> None:
    undisturbed = copy.deepcopy(api)
    for model in (undisturbed, api):
        reconcile(model)
        flink_runs_it(model)
        profile(model, "kafka: {topic: other}")
    api.dies_after = len(api.writes) + writes - 1
    for model in (undisturbed, api):
        for _ in range(3):
            try:
                reconcile(model)
            except KeyboardInterrupt:
                model.dies_after = None
            flink_runs_it(model)
        assert reconcile(model) == []
    assert api.objects == undisturbed.objects


@pytest.mark.parametrize("text", ["a: [", "kafka: {topic: a b}", "state: running"])
def test_an_invalid_profile_stalls_the_job_and_touches_no_child(
    api: ApiServerModel, text: str
) -> None:
    reconcile(api)
    status = dict(job(api)["status"])
    profile(api, text)
    assert reconcile(api) == ["apply ProgramUserInfoJob/status", "create Event ProfileInvalid"]
    assert state(api) == ("Stalled", "ProfileInvalid")
    assert job(api)["status"]["topic"] == status["topic"]


def test_without_the_flink_operator_the_job_waits_for_it(api: ApiServerModel) -> None:
    api.refuse[f"GET {FLINK_DEPLOYMENT.name}"] = ApiError(404, "not found")
    reconcile(api)
    assert state(api) == ("Stalled", "FlinkOperatorMissing")
    api.refuse.clear()
    reconcile(api)
    assert state(api) == ("Reconciling", "Upgrading")


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_object_stalls_the_job_with_the_servers_words(
    api: ApiServerModel, status: int
) -> None:
    api.refuse["apply FlinkDeployment"] = ApiError(status, "spec.flinkVersion: v9_9")
    reconcile(api)
    assert state(api) == ("Stalled", "FlinkDeploymentRefused")
    assert "spec.flinkVersion: v9_9" in job(api)["status"]["conditions"][2]["message"]
    assert reconcile(api) == []


@pytest.mark.parametrize("what", ["apply FlinkDeployment", "GET FlinkDeployment", "apply Program"])
@pytest.mark.parametrize("status", [0, 409, 429, 500])
def test_a_passing_failure_is_raised_for_the_queue_to_retry(
    api: ApiServerModel, what: str, status: int
) -> None:
    api.refuse[what] = ApiError(status, "later")
    with pytest.raises(ApiError):
        reconcile(api)


def test_an_event_that_cannot_be_posted_stops_nothing(api: ApiServerModel) -> None:
    api.refuse[f"create {EVENT.name}"] = ApiError(403, "forbidden")
    reconcile(api)
    assert state(api) == ("Reconciling", "Upgrading")


def test_a_deployment_that_is_being_deleted_is_waited_for(api: ApiServerModel) -> None:
    reconcile(api)
    api.objects["FlinkDeployment", "ns", "job"]["metadata"]["deletionTimestamp"] = "now"
    assert reconcile(api) == ["apply ProgramUserInfoJob/status", "create Event Deleting"]


@pytest.mark.parametrize("lost", ["labels", "ownerReferences"])
def test_a_child_that_lost_its_label_or_owner_is_put_right(api: ApiServerModel, lost: str) -> None:
    reconcile(api)
    deployment = api.objects["FlinkDeployment", "ns", "job"]
    before = copy.deepcopy(deployment)
    del deployment["metadata"][lost]
    assert reconcile(api) == ["apply FlinkDeployment"]
    assert api.objects["FlinkDeployment", "ns", "job"] == before


@pytest.mark.parametrize("owners", [[], [{"uid": "somebody"}]])
def test_a_deployment_of_somebody_else_is_left_alone(
    api: ApiServerModel, owners: list[Object]
) -> None:
    metadata = {"name": "job", "generation": 1, "ownerReferences": owners}
    api.put({"kind": "FlinkDeployment", "metadata": metadata, "spec": {}})
    assert "apply FlinkDeployment" not in reconcile(api)
    assert state(api) == ("Stalled", "NameTaken")


@pytest.mark.parametrize("gone", [True, False])
def test_a_job_that_goes_or_is_gone_is_left_to_the_garbage_collector(
    api: ApiServerModel, gone: bool
) -> None:
    if gone:
        del api.objects[JOB.name, "ns", "job"]
    else:
        job(api)["metadata"]["deletionTimestamp"] = "now"
    assert reconcile(api) == []
