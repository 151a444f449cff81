"""What a controller hears of, whose it is, and what becomes of it while another one leads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import call

import pytest

from program_user_info_operator.cluster.api_server import CONFIG_MAP, FLINK_DEPLOYMENT, JOB
from program_user_info_operator.cluster.store import Place
from program_user_info_operator.cluster.watch_reader import Scope
from program_user_info_operator.controller.dispatcher import Dispatcher
from program_user_info_operator.reconcile.installation import Key, ProfilesRef
from tests.unit.operator.dispatchers import hear_of, standing_by

PROFILES = ProfilesRef("operator", "profiles")
JOB_SCOPE, MAP_SCOPE = Scope(JOB, None), Scope(CONFIG_MAP, "jobs")


@pytest.fixture
def dispatcher() -> Dispatcher:
    return standing_by(profiles=PROFILES)


@pytest.mark.parametrize("only", ["is_filled", "is_leading"])
def test_nothing_is_queued_before_all_is_known_and_this_process_leads(
    dispatcher: Dispatcher, only: str
) -> None:
    """The depth of the queue is summed over all processes on the dashboard."""
    getattr(dispatcher, only).set()
    hear_of(dispatcher, "a")
    assert len(dispatcher.queue) == 0


def test_the_one_that_leads_queues_each_job_once(dispatcher: Dispatcher) -> None:
    dispatcher.is_filled.set()
    dispatcher.is_leading.set()
    hear_of(dispatcher, "a", "b", "a")
    hear_of(dispatcher, "c", namespace="others")
    assert len(dispatcher.queue) == 2


def test_jobs_of_a_namespace_that_can_be_seen_again_are_known_again(
    dispatcher: Dispatcher,
) -> None:
    index: Any = dispatcher.index
    hear_of(dispatcher, "a")
    dispatcher.lose_sight_of({"jobs"})
    index.step_aside.assert_called_once_with(Key("jobs", "a"))
    assert not index.put.called
    dispatcher.lose_sight_of(set())
    index.put.assert_called_once_with(Key("jobs", "a"), dispatcher.store.get(JOB, "jobs", "a"))


def test_a_job_that_is_deleted_out_of_sight_is_forgotten(dispatcher: Dispatcher) -> None:
    """Otherwise its group stayed its own for ever, on a process that stands by."""
    index: Any = dispatcher.index
    dispatcher.lose_sight_of({"jobs"})
    dispatcher.know(Place(JOB, "jobs", "a"), None)
    index.remove.assert_called_once_with(Key("jobs", "a"))


@pytest.mark.parametrize(
    ("place", "queued", "profiles_changed"),
    [
        (Place(JOB, "jobs", "a"), 1, False),
        (Place(FLINK_DEPLOYMENT, "jobs", "a-1234"), 1, False),
        (Place(FLINK_DEPLOYMENT, "others", "a-1234"), 0, False),
        (Place(CONFIG_MAP, "operator", "profiles"), 0, True),
        (Place(CONFIG_MAP, "jobs", "profiles"), 1, False),
    ],
)
def test_news_is_of_a_job_of_one_of_its_children_or_of_the_profiles(
    dispatcher: Dispatcher, place: Place, queued: int, profiles_changed: bool
) -> None:
    dispatcher.is_filled.set()
    dispatcher.is_leading.set()
    dispatcher.hear(place, "a")
    assert len(dispatcher.queue) == queued
    assert dispatcher.profiles_changed.is_set() is profiles_changed


def test_a_child_that_is_no_jobs_is_nobodys_news(dispatcher: Dispatcher) -> None:
    dispatcher.is_filled.set()
    dispatcher.is_leading.set()
    dispatcher.hear(Place(FLINK_DEPLOYMENT, "jobs", "by-hand"), None)
    assert len(dispatcher.queue) == 0


@pytest.mark.parametrize(
    ("namespaces", "watched", "ours"),
    [
        ((), (), ["jobs", "operator", "others"]),
        (("jobs",), ("jobs", "operator"), ["jobs"]),
        (("operator", "jobs"), ("operator", "jobs"), ["jobs", "operator"]),
    ],
    ids=["the whole cluster", "one", "the profiles' own as well"],
)
def test_the_namespace_of_the_profiles_is_watched_and_is_not_ours_for_that(
    namespaces: tuple[str, ...], watched: tuple[str, ...], ours: list[str]
) -> None:
    found = standing_by(namespaces=namespaces, profiles=PROFILES)
    assert found.watched_namespaces == watched
    assert [name for name in ("jobs", "operator", "others") if found.is_ours(name)] == ours


def test_the_users_selector_is_for_jobs_and_children_are_told_by_their_label() -> None:
    found = standing_by(selector="team=a").watched
    assert {kind.name: selector for kind, selector in found.items()} == {
        "ProgramUserInfoJob": "team=a",
        "FlinkDeployment": "app.kubernetes.io/part-of=program-user-info",
        "ConfigMap": "app.kubernetes.io/part-of=program-user-info",
        # Made by the Flink operator, without our label.
        "FlinkStateSnapshot": "",
    }


def test_a_watch_is_silent_after_more_than_the_time_that_is_allowed() -> None:
    watches: Any = SimpleNamespace(
        silence=SimpleNamespace(seconds=lambda: {JOB_SCOPE: 180.5, MAP_SCOPE: 180.0})
    )
    assert standing_by(watches=watches, silence_seconds=180.0).silent() == [JOB_SCOPE]
    assert standing_by(watches=watches, silence_seconds=181.0).silent() == []


def test_a_job_that_is_being_deleted_holds_up_nobody(dispatcher: Dispatcher) -> None:
    index: Any = dispatcher.index
    dispatcher.know(Place(JOB, "jobs", "a"), {"metadata": {"deletionTimestamp": "t"}})
    dispatcher.know(Place(JOB, "jobs", "b"), None)
    dispatcher.know(Place(JOB, "others", "c"), None)
    dispatcher.know(Place(FLINK_DEPLOYMENT, "jobs", "d"), None)
    assert index.remove.call_args_list == [call(Key("jobs", "a")), call(Key("jobs", "b"))]
