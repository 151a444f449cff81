"""Upgrades without a gap: how fresh the table is through whatever becomes of a job.

Events and beats flow all the time. What a change costs in place is measured for a restart; the
other changes here are those that no other test makes. With `make test NIGHTLY=1` all changes are
made in both ways, and the figures are printed beside each other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dev.cluster.demo.world import open_kafka
from dev.cluster.node import ctr
from dev.steps import capture
from tests.cluster import Object, condition, eventually
from tests.e2e import steps
from tests.e2e.fleet import MINUTES, Fleet, open_fleet
from tests.e2e.freshness import Heart, measured

pytestmark = pytest.mark.cluster

NAME = "overlap"
PARTITIONS = 3
_CAUGHT_UP = 3.0
"""Seconds behind at which what came in meanwhile has been written."""
_PATIENT, _IMPATIENT = {"deadline": "10min"}, {"deadline": "45s"}
"""What works is given time, however busy the machine is; what cannot work is given up soon."""


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with open_kafka() as kafka, open_fleet(kafka, NAME, password="first") as fleet:
        yield fleet


def good(fleet: Fleet, change: Callable[[], None]) -> None:
    """Change something; wait until another revision is good and alone."""
    before = fleet.status()["revisions"][-1]["number"]
    change()
    eventually(
        lambda: fleet.status()["revisions"][-1]["number"] > before, "a revision begins", MINUTES
    )
    fleet.stable()
    eventually(lambda: len(deployments(fleet)) == 1, "one revision is left", 120)


def rolled_back(fleet: Fleet, wrong: Object, right: Object) -> None:
    """Change something that does not work; wait until that is given up, and take it back."""
    fleet.patch(**wrong, upgrade=_IMPATIENT)

    def is_rolled_back() -> bool:
        stalled = condition(fleet.namespace.get("puij", NAME), "Stalled")
        return (stalled.get("status"), stalled.get("reason")) == ("True", "UpgradeRolledBack")

    eventually(is_rolled_back, f"{NAME} is rolled back", MINUTES)
    eventually(lambda: fleet.status().get("jobState") == "RUNNING", "the good one runs", MINUTES)
    fleet.patch(**right, upgrade=_PATIENT)
    fleet.stable()
    eventually(lambda: len(deployments(fleet)) == 1, "one revision is left", 120)


def deployments(fleet: Fleet) -> list[str]:
    return fleet.namespace.names("flinkdeployments", f"lern.sunbird.org/job={NAME}")


def a_restart(fleet: Fleet) -> None:
    nonce = fleet.namespace.get("puij", NAME)["spec"].get("restartNonce", 0) + 1  # type: ignore[index]
    good(fleet, lambda: fleet.patch(restartNonce=nonce))


def another_image(fleet: Fleet) -> None:
    """As a release would."""
    image = fleet.status()["image"]
    capture(ctr("images", "tag", "--force", image, f"{image}-other"))
    good(fleet, lambda: fleet.patch(image=f"{image}-other"))
    fleet.patch(image=None)
    fleet.stable()


def more_parallelism(fleet: Fleet) -> None:
    parallelism = 3 - fleet.status()["parallelism"]
    good(fleet, lambda: fleet.patch(parallelism=parallelism))


def a_rotated_secret(fleet: Fleet) -> None:
    good(fleet, lambda: fleet.put_secret(f"{fleet.status()['revisions'][-1]['number']}"))


def another_flink_line(fleet: Fleet) -> None:
    line = "v1_20" if steps.flink_version(fleet, NAME) != "v1_20" else "v2_2"
    good(fleet, lambda: fleet.patch(flink={"version": line}))


def a_bad_image(fleet: Fleet) -> None:
    rolled_back(fleet, {"image": "localhost/none:1"}, {"image": None})


def a_wrong_broker(fleet: Fleet) -> None:
    wrong, right = (
        {"kafka": {"bootstrapServers": [broker]}} for broker in ("nobody:9092", "kafka:9092")
    )
    rolled_back(fleet, wrong, right)


def a_release_that_crashes(fleet: Fleet) -> None:
    """It starts, and its TaskManagers have no room to run in: again and again."""
    small = {"taskmanager.memory.managed.size": "3g"}
    rolled_back(fleet, {"flink": {"configuration": small}}, {"flink": {"configuration": None}})


CHANGES: list[Callable[[Fleet], None]] = [
    a_restart,
    another_image,
    more_parallelism,
    a_rotated_secret,
    another_flink_line,
    a_bad_image,
    a_wrong_broker,
    a_release_that_crashes,
]


DAILY = (a_restart, a_wrong_broker, a_release_that_crashes)
IN_PLACE = CHANGES if os.environ.get("NIGHTLY") else [a_restart]
"""The changes that are made in place too."""


@pytest.fixture(scope="module")
def in_place() -> dict[str, float]:
    """Seconds behind, at most, by change in place; the tests fill it in the order of `CHANGES`."""
    return {}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(each, id=each.__name__, marks=[] if each in DAILY else pytest.mark.nightly)
        for each in CHANGES
    ],
)
def test_fresh_through_it_all(
    fleet: Fleet,
    change: Callable[[Fleet], None],
    in_place: dict[str, float],
    request: pytest.FixtureRequest,
    record_property: Callable[[str, Any], None],
) -> None:
    if change == another_flink_line:
        request.getfixturevalue("flink_2")
    if change in IN_PLACE:
        in_place[change.__name__] = worst(fleet, change, "replace")
    overlapping = worst(fleet, change, "overlap")
    beside = in_place.get(change.__name__, in_place[a_restart.__name__])
    told = f"{overlapping:.1f} s overlapping, {beside:.1f} s in place"
    record_property("seconds behind, at most", told)
    print(f"{change.__name__}: seconds behind, at most: {told}")
    assert overlapping < beside / 2
    assert fleet.differences() == []


@pytest.mark.nightly
def test_fresh_from_a_resume_on(fleet: Fleet, in_place: dict[str, float]) -> None:
    """Suspended after an overlap began, then resumed: caught up once, the table stays fresh."""
    fleet.patch(upgrade=_PATIENT | {"strategy": "overlap"})
    fleet.stable()
    with fleet.traffic(), Heart(fleet.topic, PARTITIONS):
        fleet.patch(parallelism=3 - fleet.status()["parallelism"])
        eventually(lambda: len(deployments(fleet)) == 2, "both revisions are there", MINUTES)
        fleet.patch(state="suspended")
        fleet.stable(reason="Suspended")
        fleet.patch(state="running")
        with measured(f"{NAME}.{NAME}", PARTITIONS) as freshness:
            fleet.stable()
            eventually(lambda: len(deployments(fleet)) == 1, "one revision is left", 120)
    assert freshness.worst_once_below(_CAUGHT_UP) < in_place[a_restart.__name__] / 2
    assert fleet.differences() == []


def worst(fleet: Fleet, change: Callable[[Fleet], None], strategy: str) -> float:
    """How many seconds the table was behind, at most, while the change was made."""
    fleet.patch(upgrade=_PATIENT | {"strategy": strategy})
    fleet.stable()
    with (
        fleet.traffic(),
        Heart(fleet.topic, PARTITIONS),
        measured(f"{NAME}.{NAME}", PARTITIONS) as freshness,
    ):
        change(fleet)
    return freshness.worst
