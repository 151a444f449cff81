"""Jobs that share a consumer group, and installations that share a job."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.operator.controller import Controller
from tests.unit.operator.rollout_stories import (
    LOGIN,
    NEW,
    OLD,
    fleet,
    image,
    put,
)
from tests.unit.operator.specs import CR
from tests.unit.operator.world import World


def hold_lease(world: World) -> None:
    """The installation `operator/controller` has a leader that is alive."""
    lease = {
        "holderIdentity": "pod",
        "leaseDurationSeconds": 10,
        "renewTime": "2026-01-01T00:00:31Z",
    }
    metadata = {"name": "controller", "namespace": "operator"}
    world.put({"kind": "Lease", "metadata": metadata, "spec": lease})


def test_the_first_of_two_installations_keeps_the_job() -> None:
    world = fleet("a")
    hold_lease(world)
    other = Controller(world, "2.0", installation="other")
    assert other.reconcile("a") == ["create Event KeptByAnother"]
    assert other.reconcile("a") == []
    assert other.recheck is not None
    assert image(world, "a") == OLD
    world.later(hours=1)
    assert other.reconcile("a") != []
    assert image(world, "a") == NEW


def test_a_job_is_handed_over_by_its_annotation() -> None:
    world = fleet("a")
    hold_lease(world)
    world.annotate("a", controller="operator/other")
    first, other = Controller(world), Controller(world, "2.0", installation="other")
    assert first.reconcile("a") == ["create Event KeptByAnother"]
    assert "apply FlinkDeployment" in other.reconcile("a")
    assert world.job("a")["status"]["controller"] == "operator/other"


def test_two_jobs_of_one_group_with_different_tables_are_refused() -> None:
    world = fleet("a")
    kafka = CR["kafka"] | {"groupId": "a"}
    world.later(seconds=1)
    put(world, "b", "dev", kafka=kafka, cassandra=LOGIN | {"table": "other"})
    controller = Controller(world)
    controller.start()
    assert world.state("b") == ("Stalled", "GroupShared")
    assert "a is also the group of ns/a" in world.message("b")
    assert not world.deployments("b")
    assert world.state("a") == ("Ready", "Running")
    put(world, "b", "dev", kafka=kafka | {"groupId": "b"})
    assert "apply FlinkDeployment" in controller.reconcile("b")


@pytest.mark.parametrize(
    "fields",
    [
        {"kafka": CR["kafka"] | {"groupId": "a"}},
        {
            "kafka": {"bootstrapServers": ["other:9092"], "groupId": "a"},
            "cassandra": {"table": "t"},
        },
        {"kafka": CR["kafka"] | {"groupId": "a", "topic": "t"}, "cassandra": {"table": "t"}},
    ],
    ids=["one table", "other brokers", "other topics"],
)
def test_a_group_may_be_shared_where_nothing_is_missed(fields: dict[str, Any]) -> None:
    world = fleet("a")
    put(world, "b", "dev", **(fields | {"cassandra": LOGIN | fields.get("cassandra", {})}))
    assert "apply FlinkDeployment" in Controller(world).reconcile("b")
