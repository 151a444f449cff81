"""kopf's wiring: what is watched and how, and what becomes of a reconciliation that fails."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from itertools import islice
from typing import Any

import kopf
import pytest
from structlog.testing import capture_logs

from program_user_info_operator.cluster.api_server import CONFIG_MAP, JOB, ApiError
from program_user_info_operator.controller.dispatcher import Dispatcher
from program_user_info_operator.controller.handlers import (
    _Backoffs,
    _configure,
    _end_because_the_lease_is_lost,
    _end_with,
    _reconcile,
    _resource,
    register,
)
from program_user_info_operator.metrics import RECONCILES
from program_user_info_operator.reconcile.installation import Key
from tests.unit.operator.dispatchers import standing_by

KEY = Key("jobs", "a")


def test_an_api_server_that_is_away_is_asked_ever_less_often_and_for_ever() -> None:
    delays = list(islice(_Backoffs(), 50))
    assert delays[:7] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8]
    assert set(delays[7:]) == {15.0}


def configured(dispatcher: Dispatcher) -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    _configure(settings, dispatcher)
    return settings


@pytest.mark.parametrize(
    ("silence", "server", "client"), [(180.0, 90, 100.0), (4.0, 2, 12.0), (3600.0, 240, 250.0)]
)
def test_the_server_ends_a_watch_before_its_silence_would_be_noticed(
    silence: float, server: int, client: float
) -> None:
    parts: dict[str, Any] = {"selector": "", "timeout_seconds": 5.0}
    watching = configured(standing_by(silence_seconds=silence, **parts)).watching
    assert (watching.server_timeout, watching.client_timeout) == (server, client)


def test_each_kind_is_watched_by_its_selector_if_it_has_one() -> None:
    parts: dict[str, Any] = {"timeout_seconds": 5.0, "silence_seconds": 180.0}
    settings = configured(standing_by(selector="team=a", **parts))
    selectors = settings.watching.label_selectors
    assert selectors[_resource(JOB)] == "team=a"
    assert selectors[_resource(CONFIG_MAP)] == "app.kubernetes.io/part-of=program-user-info"
    assert ("flink.apache.org", "v1beta1", "flinkstatesnapshots") not in selectors
    assert settings.networking.request_timeout == 5.0
    assert not settings.posting.enabled


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        (JOB, ("lern.sunbird.org", "v1alpha1", "programuserinfojobs")),
        (CONFIG_MAP, ("", "v1", "configmaps")),
    ],
)
def test_a_kind_is_told_to_kopf_as_group_version_and_plural(
    kind: Any, resource: tuple[str, str, str]
) -> None:
    assert _resource(kind) == resource


def test_kopf_watches_each_kind_once_and_changes_no_object() -> None:
    """Neither finalizers nor annotations: those belong to kopf's other kinds of handlers."""
    registry = register(standing_by(selector="", workers=1))
    watched = [each.selector for each in registry._watching.get_all_handlers()]
    plurals = [each.any_name or each.plural for each in watched if each is not None]
    assert sorted(str(plural) for plural in plurals) == [
        "configmaps",
        "flinkdeployments",
        "flinkstatesnapshots",
        "programuserinfojobs",
    ]
    assert not list(registry._changing.get_all_handlers())
    assert not list(registry._spawning.get_all_handlers())


class Reconciler:
    """Ends as it is told to."""

    def __init__(self, outcome: Exception | timedelta | None) -> None:
        self.outcome = outcome

    def reconcile(self, key: Key) -> timedelta | None:
        assert key == KEY
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def counted(outcome: str) -> float:
    (family,) = RECONCILES.collect()
    found = (
        each.value
        for each in family.samples
        if each.labels == {"outcome": outcome} and each.name.endswith("_total")
    )
    return next(found, 0.0)


@pytest.mark.parametrize("recheck", [None, timedelta(seconds=5)])
def test_a_reconciliation_tells_when_to_look_again(recheck: timedelta | None) -> None:
    reconciler: Any = Reconciler(recheck)
    before = counted("ok")
    assert _reconcile(standing_by(reconciler=reconciler), KEY) == recheck
    assert counted("ok") == before + 1


@pytest.mark.parametrize(
    ("error", "outcome", "line"),
    [
        (ApiError(503, "away"), "retry", "reconcile will be retried"),
        (ValueError("wrong"), "error", "reconcile failed: this is a bug, please report it"),
    ],
)
def test_one_that_fails_is_raised_for_the_queue_to_try_again_and_counted_by_whose_fault_it_is(
    error: Exception, outcome: str, line: str
) -> None:
    reconciler: Any = Reconciler(error)
    before = counted(outcome)
    with capture_logs() as lines, pytest.raises(type(error)):
        _reconcile(standing_by(reconciler=reconciler), KEY)
    assert [each["event"] for each in lines] == [line]
    assert counted(outcome) == before + 1


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What this process would have been sent."""
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr("os.kill", lambda process, number: sent.append((process, number)))
    return sent


def test_a_lost_lease_ends_the_process(signals: list[tuple[int, int]]) -> None:
    with capture_logs():
        _end_because_the_lease_is_lost()
    assert signals == [(os.getpid(), signal.SIGTERM)]


def test_a_task_that_ends_ends_the_process_and_one_that_is_cancelled_does_not(
    signals: list[tuple[int, int]],
) -> None:
    async def play() -> None:
        async def fails() -> None:
            raise ValueError("wrong")

        failing = asyncio.create_task(fails())
        cancelled = asyncio.create_task(asyncio.Event().wait())
        await asyncio.wait([failing])
        cancelled.cancel()
        await asyncio.wait([cancelled])
        task: Any = cancelled
        _end_with(task)
        assert signals == []
        _end_with(failing)

    with capture_logs() as lines:
        asyncio.run(play())
    assert signals == [(os.getpid(), signal.SIGTERM)]
    assert [each["event"] for each in lines] == ["a task ended: this is a bug, please report it"]
