"""Jobs on the oldest supported Flink operator, and while a newer one takes its place.

The oldest is where the jobs begin, with all that may happen to them; then the newer one is
installed over it, as `helm upgrade` of its chart with its CRDs would, while events flow.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from dev.cluster.demo.world import open_kafka
from dev.cluster.toolchain.flink_operator import chosen, oldest
from dev.steps import StepFailed
from tests.cluster import condition, eventually
from tests.e2e import steps
from tests.e2e.fleet import CLAIM, FOLDER, MINUTES, Fleet, claim, open_fleet
from tests.e2e.operators import can_be_replaced, running_release, switch_to

pytestmark = [
    pytest.mark.cluster,
    # The cluster begins with the oldest Flink operator, and then has the one of all others.
    pytest.mark.early(1),
    pytest.mark.skipif(
        not can_be_replaced(), reason="no newer Flink operator is handed over (see the README)"
    ),
]

NAMES = ("aged-a", "aged-b", "aged-c")
DELETED, CHECKED = "aged-deleted", "aged-checked"


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    switch_to(oldest())
    try:
        with open_kafka() as kafka, claim(), open_fleet(kafka, *NAMES, DELETED) as fleet:
            yield fleet
    finally:
        switch_to(chosen())


def test_created_with_the_bundled_flink_that_it_can_run(fleet: Fleet) -> None:
    assert running_release() == oldest().version
    assert steps.flink_version(fleet, DELETED) in ("v1_18", "v1_19")
    assert "flink1.20" in fleet.status(DELETED)["image"]


def test_changed_suspended_and_resumed(fleet: Fleet) -> None:
    with fleet.traffic():
        fleet.patch(DELETED, checkpoints={"interval": "5s", "storage": f"claim:{CLAIM}"})
        fleet.stable(DELETED)
        steps.suspend_and_resume(fleet, DELETED)
    assert fleet.differences(DELETED) == []


def test_a_bad_image_is_rolled_back(fleet: Fleet) -> None:
    with fleet.traffic():
        steps.roll_back_a_bad_image(fleet, DELETED)
    assert fleet.differences(DELETED) == []


def test_a_savepoint_on_demand_and_a_deployment_from_it(fleet: Fleet) -> None:
    path = steps.take_savepoint(fleet, DELETED, 1)
    with fleet.traffic():
        steps.redeploy_from(fleet, DELETED, path, 1)
    assert fleet.differences(DELETED) == []


def test_deleted_with_a_savepoint(fleet: Fleet) -> None:
    fleet.patch(DELETED, deletion={"savepoint": True})
    fleet.stable(DELETED)
    steps.delete_with_savepoint(fleet, DELETED, FOLDER)


def test_replaced_by_a_newer_one_under_running_jobs(fleet: Fleet) -> None:
    """The jobs keep running, and changes afterwards reach them."""
    checked = {"kubernetes.operator.cluster.health-check.enabled": "true"}
    fleet.apply(CHECKED, flink={"configuration": checked})
    fleet.stable(CHECKED)
    eventually(lambda: health_of(fleet, CHECKED), "its health is in the status", MINUTES)
    jobs = {name: fleet.status(name)["jobId"] for name in NAMES}
    with fleet.traffic():
        switch_to(chosen())
        for name in NAMES:
            eventually(partial(is_known, fleet, name), f"{name} is taken over", MINUTES)
            fleet.stable(name)
        assert {name: fleet.status(name)["jobId"] for name in NAMES} == jobs
        fleet.patch(NAMES[0], restartNonce=1)
        fleet.stable(NAMES[0])
    for name in NAMES:
        assert fleet.differences(name) == []


def test_a_flink_operator_that_fails_on_a_running_job_is_quoted(fleet: Fleet) -> None:
    """The health that the old release wrote down is what the newer one cannot read."""

    def said() -> str | None:
        ready = condition(fleet.namespace.get("puij", CHECKED), "Ready")
        return ready["message"] if ready.get("reason") == "FlinkOperatorFailing" else None

    message = eventually(said, "the condition says so", MINUTES)
    assert "Could not deserialize ClusterHealthInfo" in message
    assert "spec.restartNonce" in message
    fleet.patch(CHECKED, restartNonce=1)
    fleet.stable(CHECKED)
    assert fleet.differences(CHECKED) == []
    fleet.namespace.run("delete", "puij", CHECKED, "--timeout=120s")


def health_of(fleet: Fleet, name: str) -> str | None:
    deployment = fleet.namespace.flink_deployment(name) or {}
    info: str | None = deployment.get("status", {}).get("clusterInfo", {}).get("ClusterHealthInfo")
    return info


def is_known(fleet: Fleet, name: str) -> bool:
    """Only newer releases write which generation they have seen."""
    try:
        deployment = fleet.namespace.flink_deployment(name) or {}
    except StepFailed:
        return False
    return "observedGeneration" in deployment.get("status", {})
