"""What the watches have told: the newest version of every object, packed, with an index by job.

Versions of one object are ordered by their `resourceVersion`, so events may come late, twice or in
another order: an older version never replaces a newer one, and what was deleted stays deleted.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

import structlog

from program_user_info_operator.api import names
from program_user_info_operator.cluster.api_server import (
    FLINK_DEPLOYMENT,
    FLINK_STATE_SNAPSHOT,
    Kind,
)
from program_user_info_operator.json_text import read_json, write_json
from program_user_info_operator.observed.flink_deployment import own_times
from program_user_info_operator.observed.news import fingerprint
from program_user_info_operator.observed.savepoints import referenced_deployment

Object = dict[str, Any]
log = structlog.get_logger(__name__)


class Place(NamedTuple):
    """Where an object is."""

    kind: Kind
    namespace: str
    name: str


@dataclass(slots=True)
class _Entry:
    version: int
    fingerprint: bytes
    owner: str | None
    """What it is looked up by: its job; of a snapshot, the deployment."""
    packed: bytes


News = Callable[[Place, str | None, Object | None], None]
"""Told of each place with news: the job that the object belongs to, and the object as it is."""


class Store:
    """Safe to use from several threads. Each read gets a copy of its own."""

    def __init__(self, tell: News = lambda *_: None) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._entries: dict[Place, _Entry] = {}
        self._of_owner: dict[tuple[Kind, str, str], set[str]] = {}
        self._deleted: dict[Place, int] = {}
        self._deleted_before: dict[Place, int] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def connect(self, tell: News) -> None:
        """Have `tell` called with the news, from any thread."""
        self._tell = tell

    # -- reading ---------------------------------------------------------------------------------

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """The object, with the version that it is known to have."""
        with self._lock:
            entry = self._entries.get(Place(kind, namespace, name))
            return _unpacked(entry) if entry is not None else None

    def of_job(self, kind: Kind, namespace: str, job: str) -> list[Object]:
        """The objects that are the job's by their label; snapshots, of the deployment `job`."""
        with self._lock:
            found = sorted(self._of_owner.get((kind, namespace, job), ()))
            return [_unpacked(self._entries[Place(kind, namespace, name)]) for name in found]

    def versions(self, kind: Kind, namespace: str | None = None) -> dict[Place, int]:
        """All objects of a kind, in one namespace or in all, with their versions."""
        with self._lock:
            return {
                place: entry.version
                for place, entry in self._entries.items()
                if place.kind is kind and namespace in (None, place.namespace)
            }

    def deletions(self) -> dict[Place, int]:
        """The objects that were deleted lately, with the version of that."""
        with self._lock:
            return self._deleted_before | self._deleted

    # -- writing ---------------------------------------------------------------------------------

    def put(self, kind: Kind, live: Object) -> bool:
        """Keep this version unless a newer one is known; whether it was kept.

        News is told; a version that changes nothing that a decision reads is not.
        """
        metadata = live["metadata"]
        place = Place(kind, metadata.get("namespace", ""), metadata["name"])
        version = int(metadata["resourceVersion"])
        if version <= self._known(place):
            return False
        # A list names the kind of its items once; what is kept says it each time.
        whole = {"apiVersion": kind.api_version, "kind": kind.name} | live
        print_ = _fingerprint(place, whole)
        with self._lock:
            if version <= self._known(place):
                return False
            old = self._entries.get(place)
            if old is not None and old.fingerprint == print_:
                old.version = version
                return True
            if old is not None:
                self._forget(place, old)
            owner = _owner(kind, live)
            self._entries[place] = _Entry(version, print_, owner, _packed(whole))
            if owner is not None:
                self._of_owner.setdefault((kind, place.namespace, owner), set()).add(place.name)
            job = self._job(place, owner)
        self._tell(place, job, whole)
        return True

    def remove(self, place: Place, version: int) -> bool:
        """The object was deleted at this version, unless a newer one of it is known."""
        with self._lock:
            if version < self._known(place):
                return False
            self._deleted[place] = version
            old = self._entries.pop(place, None)
            if old is None:
                return False
            self._forget(place, old)
            job = self._job(place, old.owner)
        self._tell(place, job, None)
        return True

    def keep_only(
        self, kind: Kind, namespace: str | None, listed: Collection[Place], version: int
    ) -> list[Place]:
        """Remove what a list made at this version does not have; what was removed."""
        gone = [
            place
            for place, known in self.versions(kind, namespace).items()
            if place not in listed and known <= version
        ]
        return [place for place in gone if self.remove(place, version)]

    def forget_deletions(self) -> None:
        """Forget which objects were deleted before the last call: nothing late comes that late."""
        with self._lock:
            self._deleted_before, self._deleted = self._deleted, {}

    def _known(self, place: Place) -> int:
        entry = self._entries.get(place)
        deleted = self._deleted.get(place, self._deleted_before.get(place, 0))
        return max(entry.version if entry is not None else 0, deleted)

    def _job(self, place: Place, owner: str | None) -> str | None:
        """A snapshot's job is that of its deployment, if that is known."""
        if place.kind is not FLINK_STATE_SNAPSHOT or owner is None:
            return owner
        deployment = self._entries.get(Place(FLINK_DEPLOYMENT, place.namespace, owner))
        return deployment.owner if deployment is not None else None

    def _forget(self, place: Place, entry: _Entry) -> None:
        if entry.owner is None:
            return
        index = (place.kind, place.namespace, entry.owner)
        found = self._of_owner[index]
        found.discard(place.name)
        if not found:
            del self._of_owner[index]


def _fingerprint(place: Place, live: Object) -> bytes:
    """What cannot be read is news each time, and that job's matter alone, not that of the watch."""
    try:
        return fingerprint(live)
    except Exception:
        log.exception(
            "an object cannot be read: this is a bug, please report it",
            kind=place.kind.name,
            namespace=place.namespace,
            object=place.name,
        )
        return write_json(live["metadata"].get("resourceVersion"))


def _owner(kind: Kind, live: Object) -> str | None:
    if kind is FLINK_STATE_SNAPSHOT:
        return referenced_deployment(live)
    job: str | None = (live["metadata"].get("labels") or {}).get(names.LABEL_JOB)
    return job


def _packed(live: Object) -> bytes:
    metadata = {key: part for key, part in live["metadata"].items() if key != "managedFields"}
    times = own_times(live["metadata"])
    if times:
        metadata["managedFields"] = times
    return zlib.compress(write_json(live | {"metadata": metadata}), level=1)


def _unpacked(entry: _Entry) -> Object:
    live: Object = read_json(zlib.decompress(entry.packed))
    live["metadata"]["resourceVersion"] = str(entry.version)
    return live
