"""The status is written where it differs; an Event where a person would call it a change."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.api.status import JobStatus
from program_user_info_operator.cluster.api_server import ApiError
from program_user_info_operator.policy.conditions import Verdict
from program_user_info_operator.reconcile.installation import Installation, Key, ProfilesRef
from program_user_info_operator.reconcile.status_writer import StatusWriter
from tests.unit.operator.world import World

PLACE = Installation("operator", "controller", ProfilesRef("operator", "profiles"))
RUNS = Verdict("Ready", "Running", "the job is running")
STARTS = Verdict("Reconciling", "Deploying", "it starts")


@pytest.fixture
def writer(world: World) -> StatusWriter:
    api: Any = world
    return StatusWriter(api, lambda: world.now, PLACE)


def status_of(world: World) -> JobStatus:
    return JobStatus.model_validate(world.job().get("status") or {})


def test_a_status_says_by_whom_it_was_written_and_of_which_generation(
    world: World, writer: StatusWriter
) -> None:
    writer.write(world.job(), JobStatus(), RUNS, JobStatus(topic="t"))
    found = status_of(world)
    assert (found.controller, found.observed_generation) == ("operator/controller", 1)
    assert found.topic == "t"
    assert world.state() == ("Ready", "Running")


def test_the_same_again_is_not_written(world: World, writer: StatusWriter) -> None:
    job = writer.write(world.job(), JobStatus(), RUNS, JobStatus(topic="t"))
    world.later(minutes=1)
    before = len(world.writes)
    again = writer.write(job, status_of(world), RUNS, JobStatus(topic="t"))
    assert again == job
    assert len(world.writes) == before
    writer.write(job, status_of(world), STARTS, JobStatus(topic="t"))
    assert len(world.writes) == before + 1


def test_a_status_is_written_onto_what_was_read(world: World, writer: StatusWriter) -> None:
    read = world.job() | {"metadata": dict(world.job()["metadata"])}
    world.put_job(parallelism=2)
    with pytest.raises(ApiError) as refused:
        writer.write(read, JobStatus(), RUNS, JobStatus())
    assert refused.value.status == 409


def events(world: World) -> list[str]:
    return [each for each in world.writes if each.startswith("create Event")]


def test_an_event_tells_of_a_change_since_what_the_job_said_before(
    world: World, writer: StatusWriter
) -> None:
    writer.write(world.job(), JobStatus(), RUNS, JobStatus())
    writer.tell(world.job(), status_of(world), RUNS)
    assert events(world) == []
    writer.tell(world.job(), status_of(world), Verdict("Stalled", "InvalidSpec", "wrong"))
    assert events(world) == ["create Event InvalidSpec"]


def test_that_another_installation_keeps_a_job_is_said_once_for_each(
    world: World, writer: StatusWriter
) -> None:
    key = Key("ns", "job")
    for keeper in ("operator/a", "operator/a", "operator/b"):
        world.annotate(controller=keeper)
        writer.leave(key, world.job())
    assert events(world) == ["create Event KeptByAnother"] * 2
    writer.forget(key)
    writer.leave(key, world.job())
    assert len(events(world)) == 3
