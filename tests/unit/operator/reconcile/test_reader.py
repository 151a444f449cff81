"""What is read for a reconciliation: what is the job's own, and what is somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.api import names
from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.status import SavepointStatus
from program_user_info_operator.cluster.api_server import ApiError
from program_user_info_operator.desired.owner import Owner
from program_user_info_operator.environments.profiles import Profiles
from program_user_info_operator.observed.flink_operator import FlinkOperator
from program_user_info_operator.reconcile.installation import Installation, Key, ProfilesRef
from program_user_info_operator.reconcile.reader import Reader, is_foreign
from tests.unit.operator.world import World, flink_crd

PLACE = Installation("operator", "controller", ProfilesRef("operator", "profiles"))
OWNER = Owner("job", "ns", "uid-1")
KNOWN = FlinkOperator(("v1_18", "v1_19", "v1_20"))


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def reader(world: World, clock: Clock | None = None) -> Reader:
    api: Any = world
    return Reader(api, PLACE, api, clock or Clock())


def child(
    kind: str, name: str, *, label: str | None = "job", uid: str | None = "uid-1", **parts: Any
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "labels": {names.LABEL_JOB: label} if label else {}}
    if uid is not None:
        metadata["ownerReferences"] = [{"uid": uid}]
    return {"kind": kind, "metadata": metadata, **parts}


@pytest.mark.parametrize(
    ("label", "uid", "foreign"),
    [
        ("job", "uid-1", False),
        ("job", None, False),
        (None, "uid-1", False),
        ("other", "uid-1", False),
        ("other", "uid-2", True),
        (None, None, True),
    ],
)
def test_a_deployment_that_lost_its_label_or_its_owner_is_still_the_jobs(
    label: str | None, uid: str | None, foreign: bool
) -> None:
    assert is_foreign(child("FlinkDeployment", "a", label=label, uid=uid), OWNER) is foreign


def test_a_config_map_that_the_job_does_not_own_is_left_alone() -> None:
    world = World()
    for name, uid in (("own", "uid-1"), ("earlier-job-of-this-name", "uid-0"), ("by-hand", None)):
        world.put(child("ConfigMap", name, uid=uid))
    world.put(child("ConfigMap", "another-jobs", label="other"))
    assert list(reader(world).config_maps(OWNER)) == ["own"]


def test_deployments_are_found_by_their_names() -> None:
    world = World()
    world.put(child("FlinkDeployment", "a"))
    world.put(child("FlinkDeployment", "b", uid=None))
    world.put(child("FlinkDeployment", "c", label="other"))
    assert sorted(reader(world).deployments(OWNER)) == ["a", "b"]
    assert reader(world).deployment(OWNER, "c") is not None
    assert reader(world).deployment(OWNER, "d") is None


def test_profiles_are_in_the_installations_config_map() -> None:
    world = World()
    assert reader(world).profiles() == Profiles({})
    world.put_profile("parallelism: 2")
    assert reader(world).profiles() == Profiles({"dev": "parallelism: 2"})


def test_the_flink_operators_crd_is_read_again_after_half_a_minute() -> None:
    world, clock = World(), Clock()
    found = reader(world, clock)
    assert found.flink_operator() == KNOWN
    world.put(flink_crd("v2_2"))
    clock.now = 30.0
    assert found.flink_operator() == KNOWN
    clock.now = 30.1
    assert found.flink_operator() == FlinkOperator(("v2_2",))


def test_a_cluster_without_the_flink_operator_is_looked_at_again() -> None:
    world = World()
    world.objects.clear()
    refusal = reader(world).flink_operator()
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "FlinkOperatorMissing"
    assert refusal.recheck is not None


def job(annotation: str | None = None, claimed: str | None = None) -> dict[str, Any]:
    annotations = {names.ANNOTATION_CONTROLLER: annotation} if annotation else {}
    status = {"controller": claimed} if claimed else {}
    return {"metadata": {"annotations": annotations}, "status": status}


def hold_lease(world: World, renewed: str) -> None:
    spec = {"holderIdentity": "pod", "leaseDurationSeconds": 10, "renewTime": renewed}
    world.put(
        {"kind": "Lease", "metadata": {"name": "other", "namespace": "operator"}, "spec": spec}
    )


@pytest.mark.parametrize(
    ("annotation", "claimed", "renewed", "is_kept"),
    [
        (None, None, None, False),
        (None, "operator/controller", None, False),
        ("operator/controller", "operator/other", "2026-01-01T00:00:00Z", False),
        (None, "operator/other", "2026-01-01T00:00:00Z", True),
        (None, "operator/other", "2025-12-31T23:00:00Z", False),
        (None, "operator/other", None, False),
        # Its user has handed it over, whatever a Lease says.
        ("operator/other", None, None, True),
    ],
)
def test_a_job_is_kept_by_another_installation_that_is_alive(
    annotation: str | None, claimed: str | None, renewed: str | None, is_kept: bool
) -> None:
    world = World()
    if renewed is not None:
        hold_lease(world, renewed)
    found = reader(world).is_kept_by_another(job(annotation, claimed), world.now)
    assert found is is_kept


def test_one_whose_lease_may_not_be_read_is_taken_to_be_alive() -> None:
    world = World()
    world.refuse["GET Lease"] = ApiError(403, "no")
    claimed = job(claimed="elsewhere/other")
    assert reader(world).is_kept_by_another(claimed, world.now)
    world.refuse["GET Lease"] = ApiError(500, "no")
    with pytest.raises(ApiError):
        reader(world).is_kept_by_another(claimed, world.now)


def savepoint(number: int, seconds: int) -> SavepointStatus:
    return SavepointStatus.model_validate(
        {"location": f"s3://b/{number}", "time": f"2026-01-01T00:00:{seconds:02}Z"}
    )


def test_the_last_savepoint_is_the_newest_of_all_deployments() -> None:
    world = World()
    found = reader(world)
    key = Key("ns", "job")
    assert found.last_savepoint(key, {}) is None
    assert found.last_savepoint(key, {"a": None}) is None
    statuses = {"a": savepoint(1, 10), "b": savepoint(2, 20), "c": None}
    assert found.last_savepoint(key, statuses) == savepoint(2, 20)
    snapshot = child(
        "FlinkStateSnapshot",
        "s",
        label="a",
        spec={"jobReference": {"kind": "FlinkDeployment", "name": "a"}, "savepoint": {}},
        status={
            "state": "COMPLETED",
            "path": "s3://b/3",
            "resultTimestamp": "2026-01-01T00:00:30Z",
        },
    )
    world.put(snapshot)
    assert found.last_savepoint(key, statuses) == savepoint(3, 30)
