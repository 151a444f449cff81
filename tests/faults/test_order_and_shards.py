"""Profiles, Secrets and jobs in any order; several controllers side by side; what they measure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.cluster import eventually
from tests.faults.arena import BASE, Arena
from tests.faults.control_plane import ControlPlane
from tests.faults.proxy import Answer
from tests.faults.zygote import Zygote

pytestmark = pytest.mark.cluster


def put_secret(arena: Arena) -> None:
    path = f"/api/v1/namespaces/{arena.namespace}/secrets/login"
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login"},
        "stringData": {"username": "u", "password": "p"},
    }
    arena.api.apply(path, body)


def put_profile(arena: Arena) -> None:
    arena.put_profile(dev={"cassandra": {"contactPoints": ["cassandra:9042"]}})


def put_job(arena: Arena) -> None:
    cassandra = {"credentials": {"secretName": "login"}}
    arena.apply_job(BASE | {"cassandra": cassandra})


STEPS = {"Secret": put_secret, "profile": put_profile, "job": put_job}


@pytest.mark.parametrize("order", list(itertools.permutations(STEPS)), ids=" ".join)
def test_whatever_comes_first_the_job_runs_in_the_end(arena: Arena, order: tuple[str, ...]) -> None:
    arena.start_controller()
    eventually(arena.is_healthy, "the controller is up")
    for name in order:
        step: Callable[[Arena], None] = STEPS[name]
        step(arena)
        arena.at_rest()
    arena.settled()


def test_two_controllers_share_the_jobs_by_a_label(
    arena: Arena, plane: ControlPlane, zygote: Zygote, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    with Arena(plane, zygote, tmp_path / "other") as other:
        arena.start_controller(selector="shard=a")
        other.start_controller(selector="shard=b", namespaces=arena.namespace)
        arena.apply_job(BASE, "first", labels={"shard": "a"})
        arena.apply_job(BASE, "second", labels={"shard": "b"})
        arena.settled("first")
        arena.settled("second")
        for name in ("first", "second"):
            arena.put_job(name, restartNonce=1)
            eventually(
                partial(arena.has_nonce, 1, name),
                f"the change of {name} has arrived",
            )
        written = {
            label: {
                each.path.rsplit("/", 2)[1 if each.path.endswith("/status") else 2]
                for each in proxy.faults.requests
                if each.write and ("programuserinfojobs" in each.path or "flink" in each.path)
            }
            for label, proxy in (("a", arena.proxy), ("b", other.proxy))
        }
        assert written == {"a": {"first"}, "b": {"second"}}


def test_a_namespace_that_may_not_be_looked_into_costs_nobody_else(
    arena: Arena, plane: ControlPlane, zygote: Zygote, tmp_path: Path
) -> None:
    """Its role is gone, or it is itself; whether at the start or later."""
    (tmp_path / "other").mkdir()
    with Arena(plane, zygote, tmp_path / "other") as other:
        forbidden = f"/namespaces/{other.namespace}/"
        arena.proxy.faults.on_request = lambda each: (
            Answer(403, "forbidden") if forbidden in each.path else None
        )
        arena.start_controller(namespaces=f"{arena.namespace},{other.namespace}", resync_seconds=1)
        arena.put_job()
        other.put_job("theirs", kafka={"bootstrapServers": ["kafka:9092"], "groupId": "theirs"})
        arena.settled()
        assert not other.deployment("theirs")
        arena.proxy.faults.on_request = lambda _: None
        other.settled("theirs")
        arena.proxy.faults.on_request = lambda each: (
            Answer(403, "forbidden") if forbidden in each.path else None
        )
        other.put_job("theirs", restartNonce=1)
        arena.put_job(restartNonce=1)
        eventually(lambda: arena.deployment()["spec"]["restartNonce"] == 1, "the edit arrives")
        arena.put_profile(dev={"parallelism": 2})
        eventually(lambda: arena.deployment()["spec"]["job"]["parallelism"] == 2, "the profile too")
        arena.settled()
        assert "this is a bug" not in arena.log()


def test_the_metrics_tell_what_the_controller_does(arena: Arena) -> None:
    arena.start_controller()
    arena.put_job()
    arena.settled()
    arena.at_rest()
    metrics = arena.metrics()
    prefix = "program_user_info_operator"
    for wanted in (
        rf'{prefix}_reconciles_total\{{outcome="ok"\}} [1-9]',
        rf"{prefix}_reconcile_duration_seconds_count [1-9]",
        rf"{prefix}_queue_depth 0",
        rf'{prefix}_api_requests_total\{{code="200",verb="PATCH"\}} [1-9]',
        rf'{prefix}_jobs\{{condition="Ready",reason="Running"\}} 1',
        rf'{prefix}_rollout_jobs\{{change="Release",stage="Good"\}} 1',
        rf'{prefix}_rollout_jobs\{{change="Profile",stage="Waiting"\}} 0',
        rf'{prefix}_job_ready\{{job_namespace="{arena.namespace}",lern_sunbird_org_job="job"\}} 1',
        rf"{prefix}_leading 1",
        rf'{prefix}_watch_last_event_timestamp_seconds\{{kind="FlinkDeployment"\}} [1-9]',
    ):
        assert re.search(f"^{wanted}", metrics, re.MULTILINE), wanted


def test_a_controller_that_is_told_to_ends_without_a_word_of_trouble(arena: Arena) -> None:
    arena.start_controller()
    arena.put_job()
    arena.settled()
    arena.stop()
    assert not arena.is_alive()
    assert "Traceback" not in arena.log()
    assert "this is a bug" not in arena.log()
