"""A job under load gets a second TaskManager, and loses it later; people can scale it too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dev.cluster.demo.world import NAMESPACE, open_kafka
from dev.cluster.target import kubectl
from tests.cluster import eventually
from tests.e2e.fleet import Fleet, open_fleet

pytestmark = pytest.mark.cluster

NAME = "scaled"
# Decisions within the time of a test; users leave these at the Flink operator's defaults.
QUICK = {
    "job.autoscaler.stabilization.interval": "5s",
    "job.autoscaler.metrics.window": "20s",
    # The load of a test is light: five per cent is a target, and two more or less are too many.
    "job.autoscaler.target.utilization.boundary": "0.02",
    "job.autoscaler.scale-down.interval": "0s",
    "job.autoscaler.restart.time": "5s",
    "job.autoscaler.catch-up.duration": "20s",
}
_PATIENCE = 420.0


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with open_kafka() as kafka, open_fleet(kafka, NAME) as fleet:
        yield fleet


def parallelism(fleet: Fleet) -> int | None:
    """As the job's status says it."""
    found: int | None = fleet.status(NAME).get("parallelism")
    return found


def task_managers(fleet: Fleet) -> int:
    """How many there are."""
    return len(fleet.namespace.names("pods", f"lern.sunbird.org/job={NAME},component=taskmanager"))


def test_people_scale_it(fleet: Fleet) -> None:
    with fleet.traffic():
        for replicas in (2, 1):
            kubectl("scale", f"puij/{NAME}", "-n", NAMESPACE, f"--replicas={replicas}")
            fleet.stable(NAME)
            eventually(lambda: parallelism(fleet) == replicas, f"it has {replicas}", 120)  # noqa: B023
            # Those of the revision before are on their way out.
            eventually(lambda: task_managers(fleet) == replicas, f"{replicas} are left", 120)  # noqa: B023
    path = "jsonpath={.status.replicas} {.status.selector}"
    said = kubectl("get", "--subresource=scale", f"puij/{NAME}", "-n", NAMESPACE, "-o", path)
    assert said == f"1 lern.sunbird.org/job={NAME},component=taskmanager"
    assert fleet.differences(NAME) == []


@pytest.mark.nightly
@pytest.mark.usefixtures("flink_2")
def test_it_scales_itself_under_load_and_back(fleet: Fleet) -> None:
    autoscaling = {"enabled": True, "maxParallelism": 2, "targetUtilization": 0.05}
    fleet.patch(NAME, autoscaling=autoscaling, flink={"configuration": QUICK})
    fleet.stable(NAME)
    with fleet.traffic(per_second=1000):
        eventually(lambda: parallelism(fleet) == 2, "the status says two", _PATIENCE)
        eventually(lambda: task_managers(fleet) == 2, "there are two TaskManagers", 120)
        fleet.stable(NAME)
    eventually(lambda: parallelism(fleet) == 1, "the status says one", _PATIENCE)
    eventually(lambda: task_managers(fleet) == 1, "there is one TaskManager", 180)
    fleet.stable(NAME)
    assert fleet.differences(NAME) == []
