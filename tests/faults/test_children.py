"""What somebody does to a child is reverted; what is not ours stays."""

from __future__ import annotations

import pytest

from tests.cluster import eventually
from tests.faults.arena import Arena
from tests.objects import without

pytestmark = pytest.mark.cluster


@pytest.fixture
def running(arena: Arena) -> Arena:
    arena.start_controller()
    arena.put_job()
    arena.settled()
    return arena


def paths(arena: Arena) -> dict[str, str]:
    """Path of each child, by what it is."""
    config_maps = f"/api/v1/namespaces/{arena.namespace}/configmaps"
    names = [each["metadata"]["name"] for each in arena.config_maps()]
    return {
        "FlinkDeployment": arena.deployment_path(),
        "configuration": f"{config_maps}/{next(name for name in names if '-config-' in name)}",
        "record": f"{config_maps}/{next(name for name in names if '-revision-' in name)}",
    }


FOREIGN = "example.org/foreign"
CHILDREN = ["FlinkDeployment", "configuration", "record"]


@pytest.mark.parametrize("child", CHILDREN)
def test_a_deleted_child_comes_back(running: Arena, child: str) -> None:
    path = paths(running)[child]
    old = running.api.get(path)["metadata"]["uid"]
    running.api.delete(path)
    eventually(
        lambda: (found := running.api.get(path)) and found["metadata"]["uid"] != old,
        f"the {child} is there again",
    )


@pytest.mark.parametrize(
    ("child", "edit"),
    [
        ("FlinkDeployment", {"spec": {"job": {"parallelism": 7}}}),
        ("FlinkDeployment", {"spec": {"image": "theirs"}}),
        ("FlinkDeployment", {"metadata": {"ownerReferences": None}}),
        ("FlinkDeployment", {"metadata": {"labels": {"lern.sunbird.org/revision": None}}}),
        ("configuration", {"metadata": {"labels": {"lern.sunbird.org/environment": "other"}}}),
        ("record", {"data": {"revision.json": "{}"}}),
    ],
)
def test_an_edited_child_is_put_right_and_foreign_fields_survive(
    running: Arena, child: str, edit: dict[str, object]
) -> None:
    path = paths(running)[child]
    # An edit and its repair are two generations of the deployment, and Flink's answer to each.
    told = ("generation", "status", FOREIGN)
    before = without(running.snapshot(), told)
    running.api.merge(path, {"metadata": {"annotations": {FOREIGN: "x"}}})
    running.api.merge(path, edit)
    eventually(lambda: without(running.snapshot(), told) == before, f"the {child} is as it was", 60)
    running.settled()
    assert running.api.get(path)["metadata"]["annotations"][FOREIGN] == "x"
