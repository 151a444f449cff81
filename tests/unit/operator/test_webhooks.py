"""What is said while an admission webhook does not answer, and what continues to run."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from program_user_info_operator.cluster.api_server import ApiError
from tests.unit.operator.controller import Controller
from tests.unit.operator.stories import IN_PLACE, PATIENT, running
from tests.unit.operator.world import World


@pytest.mark.parametrize("what", ["apply ConfigMap", "apply FlinkDeployment"])
def test_a_webhook_that_does_not_answer_is_told_once_and_the_write_tried_again(
    world: World, controller: Controller, what: str
) -> None:
    said = 'failed calling webhook "flinkoperator.flink.apache.org": connection refused'
    world.refuse[what] = ApiError(500, said)
    with pytest.raises(ApiError):
        controller.reconcile()
    assert world.state() == ("Reconciling", "WebhookSilent")
    assert said in world.message()
    assert "create Event WebhookSilent" in world.writes
    written = len(world.writes)
    world.later(hours=1)
    with pytest.raises(ApiError):
        controller.reconcile()
    assert world.writes[written:] == []
    world.refuse.clear()
    controller.settle()
    assert world.state() == ("Ready", "Running")


def test_the_condition_keeps_the_words_of_the_first_failure(
    world: World, controller: Controller
) -> None:
    """Some name the time; a status that is written has the job looked at at once, for ever."""
    said = 'failed calling webhook "a.b": x509: certificate has expired: current time 18:09:{}'
    world.refuse["apply FlinkDeployment"] = ApiError(500, said.format(31))
    with pytest.raises(ApiError):
        controller.reconcile()
    written = len(world.writes)
    world.refuse["apply FlinkDeployment"] = ApiError(500, said.format(32))
    with pytest.raises(ApiError):
        controller.reconcile()
    assert world.writes[written:] == []


def test_a_change_that_begins_meanwhile_is_held_up_as_well(
    world: World, controller: Controller
) -> None:
    world.refuse["apply FlinkDeployment"] = ApiError(500, "failed calling webhook")
    for parallelism in (1, 2):
        world.put_job(parallelism=parallelism)
        with pytest.raises(ApiError):
            controller.reconcile()
        assert world.state() == ("Reconciling", "WebhookSilent")


def test_a_webhook_that_does_not_answer_keeps_nobody_from_running(
    world: World, controller: Controller
) -> None:
    """A good revision that runs continues; its change waits for the webhook, however long."""
    controller.settle()
    running = world.deployment()
    world.refuse["apply FlinkDeployment"] = ApiError(500, "failed calling webhook")
    world.put_job(parallelism=2)
    for _ in range(3):
        with pytest.raises(ApiError):
            controller.reconcile()
        world.later(hours=1)
    assert world.deployment() == running
    world.refuse.clear()
    controller.settle()
    assert world.state() == ("Ready", "Running")
    assert world.deployment()["spec"]["job"]["parallelism"] == 2


def test_what_was_known_of_a_failure_stays_known() -> None:
    """Else the job would be told to be one thing and the other in turn, for ever."""
    world, controller = running()
    world.put_job(parallelism=3)
    controller.rest()
    world.flink_runs(state="RECONCILING", error="pods is forbidden: exceeded quota: small")
    for what in ("apply", "delete"):
        world.refuse[f"{what} FlinkDeployment"] = ApiError(500, "failed calling webhook")
    seen = []
    for _ in range(4):
        written = len(world.writes)
        with suppress(ApiError):
            controller.reconcile()
        seen.append(world.writes[written:])
        world.later(seconds=10)
    assert seen[-2:] == [[], []]


@pytest.mark.parametrize("strategy", [IN_PLACE, PATIENT])
def test_the_deadline_of_a_revision_on_trial_stands_still(strategy: dict[str, Any]) -> None:
    world, controller = running(strategy)
    world.put_job(parallelism=2)
    controller.rest()
    world.flink_runs()
    controller.rest()
    world.refuse["apply FlinkDeployment"] = ApiError(500, "failed calling webhook")
    world.put_job(state="suspended")
    for _ in range(3):
        with suppress(ApiError):
            controller.reconcile()
        world.later(hours=5)
    world.refuse.clear()
    controller.rest()
    assert "RolledBack" not in [outcome for *_, outcome in world.outcomes()]
