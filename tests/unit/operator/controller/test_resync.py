"""The comparison of what the watches delivered with what exists."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from program_user_info_operator.cluster.api_server import JOB, ApiError, Kind
from program_user_info_operator.cluster.store import Place
from program_user_info_operator.cluster.watch_reader import Scope
from program_user_info_operator.controller.dispatcher import WATCHED, Dispatcher
from program_user_info_operator.controller.resync import (
    Listed,
    check_watches_forever,
    look_at_all_forever,
    owed,
)
from program_user_info_operator.metrics import WATCH_BEHIND
from program_user_info_operator.reconcile.installation import Key, ProfilesRef
from tests.unit.operator.api_server_model import Object
from tests.unit.operator.dispatchers import hear_of, leading, standing_by
from tests.unit.operator.watched import place


@pytest.mark.parametrize(
    ("known", "deleted", "listed", "missing"),
    [
        ({"a": 1}, {}, {"a": 1}, []),
        ({"a": 1}, {}, {"a": 2}, ["a"]),
        ({}, {}, {"a": 1}, ["a"]),
        ({"a": 1}, {}, {}, ["a"]),
        # Between the list's answer, which is of version 5, and now: changed, created, deleted.
        ({"a": 6}, {}, {"a": 1}, []),
        ({"a": 6}, {}, {}, []),
        ({}, {"a": 6}, {"a": 1}, []),
        # Deleted, and created again since.
        ({}, {"a": 3}, {"a": 4}, ["a"]),
    ],
)
def test_what_a_watch_owes(
    known: dict[str, int], deleted: dict[str, int], listed: dict[str, int], missing: list[str]
) -> None:
    known_versions, deletions, listed_versions = (
        {place(name): each for name, each in some.items()} for some in (known, deleted, listed)
    )
    found = owed(known_versions, deletions, Listed(listed_versions, 5))
    assert found == {place(name) for name in missing}


def test_the_one_that_takes_the_lead_looks_at_the_jobs_that_there_are() -> None:
    """Not at those that were there while it stood by."""

    async def play() -> None:
        dispatcher = standing_by()
        looking = asyncio.create_task(look_at_all_forever(dispatcher))
        dispatcher.is_filled.set()
        hear_of(dispatcher, "a", "b", "gone")
        hear_of(dispatcher, "c", namespace="others")
        await asyncio.sleep(0)
        dispatcher.store.remove(Place(JOB, "jobs", "gone"), 2)
        assert len(dispatcher.queue) == 0
        dispatcher.is_leading.set()
        for _ in range(3):
            await asyncio.sleep(0)
        assert len(dispatcher.queue) == 2
        looking.cancel()

    asyncio.run(asyncio.wait_for(play(), 10))


class Api:
    """Lists what it is given by kind, and answers each other list with an error or nothing."""

    def __init__(self, *jobs: Object, fails: Mapping[str, ApiError] | None = None) -> None:
        self.jobs = jobs
        self.fails = dict(fails or {})

    def list_metadata(
        self, kind: Kind, namespace: str | None, selector: str
    ) -> tuple[list[Object], int]:
        if kind.name in self.fails:
            raise self.fails[kind.name]
        found = [each["metadata"] for each in self.jobs] if kind is JOB else []
        return found, 9

    def list_objects(
        self, kind: Kind, namespace: str | None, selector: str, *, fields: str
    ) -> list[Object]:
        return [each for each in self.jobs if fields == f"metadata.name={each['metadata']['name']}"]


def job(name: str, version: int) -> Object:
    return {"metadata": {"namespace": "jobs", "name": name, "resourceVersion": str(version)}}


def checked(api: Api, *known: Object) -> Dispatcher:
    """A controller that knew these jobs, once it has compared them with what the API server has."""
    watches = SimpleNamespace(complete={Scope(kind, "jobs") for kind in WATCHED})
    profiles = ProfilesRef("jobs", "profiles")
    found = leading(api=api, watches=watches, profiles=profiles, selector="", resync_seconds=0.01)
    found.is_filled.clear()
    for each in known:
        found.store.put(JOB, each)

    async def play() -> None:
        checking = asyncio.create_task(check_watches_forever(found))
        await found.is_filled.wait()
        checking.cancel()

    asyncio.run(asyncio.wait_for(play(), 60))
    return found


def names_known(dispatcher: Dispatcher) -> dict[str, int]:
    return {place.name: version for place, version in dispatcher.store.versions(JOB).items()}


def test_what_a_watch_has_lost_is_read_from_the_api_server() -> None:
    found = checked(Api(job("changed", 5), job("new", 6)), job("changed", 2), job("gone", 3))
    assert names_known(found) == {"changed": 5, "new": 6}
    (family,) = WATCH_BEHIND.collect()
    behind = {each.labels["kind"]: each.value for each in family.samples}
    assert behind["ProgramUserInfoJob"] == 3


def test_a_kind_that_is_not_installed_lacks_nothing() -> None:
    missing = {"FlinkStateSnapshot": ApiError(404, "no such kind")}
    assert names_known(checked(Api(job("a", 1), fails=missing), job("a", 1))) == {"a": 1}


def test_a_namespace_that_may_not_be_listed_is_out_of_sight_with_its_jobs() -> None:
    forbidden = {"ProgramUserInfoJob": ApiError(403, "may not list")}
    found = checked(Api(fails=forbidden), job("a", 1))
    index: Any = found.index
    assert found.out_of_sight == {"jobs"}
    index.step_aside.assert_called_once_with(Key("jobs", "a"))
