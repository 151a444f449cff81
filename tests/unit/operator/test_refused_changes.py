"""Changes that would lose events or state, or corrupt a table, are refused; others are applied."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.operator.stories import PATIENT, running


@pytest.mark.parametrize(
    ("change", "reason", "way_out"),
    [
        ({"cassandra": {"layout": "map"}}, "IncompatibleTable", "cassandra.table to a new name"),
        ({"cassandra": {"table": "other"}}, "IncompatibleOffsets", "startingOffsets to earliest"),
        (
            {"kafka": {"groupId": "other", "startingOffsets": "latest"}},
            "IncompatibleOffsets",
            "startingOffsets to committed",
        ),
    ],
)
def test_what_would_lose_events_or_corrupt_a_table_is_refused(
    change: dict[str, Any], reason: str, way_out: str
) -> None:
    world, controller = running()
    before = world.deployments()
    ((section, fields),) = change.items()
    world.put_job(**{section: world.job()["spec"][section] | fields})
    controller.rest()
    assert world.state() == ("Stalled", reason)
    assert way_out in world.message()
    assert world.deployments() == before


STATEFUL: dict[str, Any] = {"checkpoints": {"storage": "s3://b"}}


@pytest.mark.parametrize(
    "change",
    [
        {"autoscaling": {"enabled": True, "maxParallelism": 4}},
        {"flink": {"configuration": {"pipeline.max-parallelism": "4"}}},
    ],
)
def test_another_maximum_parallelism_cannot_read_the_state(change: dict[str, Any]) -> None:
    world, controller = running(PATIENT | {"mode": "savepoint"}, **STATEFUL)
    world.put_job(**change)
    controller.rest()
    assert world.state() == ("Stalled", "IncompatibleState")
    assert "pipeline.max-parallelism: state written with its default" in world.message()
    world.put_job(upgrade=PATIENT)
    controller.rest()
    assert world.outcomes()[-1] == (2, "Spec", "Pending")


@pytest.mark.parametrize(
    "change",
    [
        {"cassandra": {"table": "other"}, "kafka": {"startingOffsets": "earliest"}},
        {"cassandra": {"table": "other"}, "kafka": {"groupId": "other"}},
        {"kafka": {"groupId": "other"}},
        {"kafka": {"topic": "other"}},
    ],
)
def test_what_loses_nothing_is_applied(change: dict[str, dict[str, Any]]) -> None:
    world, controller = running()
    spec = world.job()["spec"]
    world.put_job(**{section: spec[section] | fields for section, fields in change.items()})
    controller.rest()
    assert world.outcomes()[-1] == (2, "Spec", "Pending")
