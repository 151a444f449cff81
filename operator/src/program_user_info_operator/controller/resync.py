"""Compares, at an interval, what the watches delivered with what exists."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from program_user_info_operator import metrics
from program_user_info_operator.cluster.api_server import JOB, ApiError
from program_user_info_operator.cluster.store import Place
from program_user_info_operator.cluster.watch_reader import Scope
from program_user_info_operator.controller.dispatcher import Dispatcher
from program_user_info_operator.reconcile.installation import Key

log = structlog.get_logger(__name__)

_RETRY_SECONDS = 2.0
_LOOK_SECONDS = 0.1
_LONGEST_GRACE_SECONDS = 5.0


async def check_watches_forever(dispatcher: Dispatcher) -> None:
    """Fill the store, then check at an interval whether it lacks anything."""
    while True:
        try:
            await _check(dispatcher)
        except ApiError as error:
            log.warning("the watches could not be checked", error=str(error))
            await asyncio.sleep(_RETRY_SECONDS)
            continue
        dispatcher.is_filled.set()
        await asyncio.sleep(dispatcher.resync_seconds)


async def look_at_all_forever(dispatcher: Dispatcher) -> None:
    """Look at every job when this process takes the lead and when a profile changed."""
    await dispatcher.may_decide()
    while True:
        dispatcher.profiles_changed.clear()
        jobs = dispatcher.store.versions(JOB)
        keys = [Key(each.namespace, each.name) for each in jobs]
        keys = [key for key in keys if dispatcher.is_ours(key.namespace)]
        for key in keys:
            dispatcher.ask(key)
        await dispatcher.profiles_changed.wait()


@dataclass(frozen=True)
class Listed:
    """Versions of the objects that a list has, and its own."""

    versions: Mapping[Place, int]
    at: int


def owed(known: Mapping[Place, int], deleted: Mapping[Place, int], listed: Listed) -> set[Place]:
    """Objects of which a list has a newer version than is known, or none.

    What was created or deleted after the list was made is nothing that a watch owes.
    """
    newer = {
        place
        for place, version in listed.versions.items()
        if max(known.get(place, 0), deleted.get(place, 0)) < version
    }
    gone = {
        place
        for place, version in known.items()
        if place not in listed.versions and version <= listed.at
    }
    return newer | gone


async def _check(dispatcher: Dispatcher) -> None:
    scopes = [
        Scope(kind, namespace)
        for kind in dispatcher.watched
        for namespace in dispatcher.watched_namespaces or (None,)
    ]
    found = {scope: await asyncio.to_thread(_list, dispatcher, scope) for scope in scopes}
    listed = {scope: each for scope, each in found.items() if each is not None}
    dispatcher.lose_sight_of({scope.namespace for scope in found.keys() - listed.keys()})
    missing = await _still_owed(dispatcher, listed)
    for kind in dispatcher.watched:
        places = [place for place in missing if place.kind is kind]
        metrics.WATCH_BEHIND.labels(kind.name).set(len(places))
        if places:
            log.warning("a watch has lost events", kind=kind.name, objects=len(places))
        for place in places:
            await asyncio.to_thread(_fetch, dispatcher, place)
    dispatcher.store.forget_deletions()


async def _still_owed(dispatcher: Dispatcher, listed: Mapping[Scope, Listed]) -> set[Place]:
    """What the watches do not bring within a grace period after their own first lists."""
    grace = min(_LONGEST_GRACE_SECONDS, dispatcher.resync_seconds / 3)
    deadline: float | None = None
    while True:
        deleted = dispatcher.store.deletions()
        missing = set().union(
            *(
                owed(dispatcher.store.versions(*scope), deleted, each)
                for scope, each in listed.items()
            )
        )
        begun = {scope for scope, each in listed.items() if each.versions}
        if deadline is None and begun <= dispatcher.watches.complete:
            deadline = time.monotonic() + grace
        if not missing or (deadline is not None and time.monotonic() > deadline):
            return missing
        await asyncio.sleep(_LOOK_SECONDS)


def _list(dispatcher: Dispatcher, scope: Scope) -> Listed | None:
    """None where it is forbidden: that costs its namespace, and no other."""
    kind, namespace = scope
    try:
        found, version = dispatcher.api.list_metadata(kind, namespace, dispatcher.watched[kind])
    except ApiError as error:
        if error.status == 404:
            return Listed({}, sys.maxsize)  # not installed
        if error.status != 403 or namespace is None:
            raise
        log.warning("may not be listed", kind=kind.name, namespace=namespace, error=str(error))
        return None
    versions = {
        Place(kind, each["namespace"], each["name"]): int(each["resourceVersion"]) for each in found
    }
    return Listed(versions, version)


def _fetch(dispatcher: Dispatcher, place: Place) -> None:
    """Put into the store what there is in one place."""
    kind, namespace, name = place
    version = dispatcher.store.versions(kind, namespace).get(place, 0)
    selector = dispatcher.watched[kind]
    found = dispatcher.api.list_objects(kind, namespace, selector, fields=f"metadata.name={name}")
    for each in found:
        dispatcher.store.put(kind, each)
    if not found:
        dispatcher.store.remove(place, version)
