"""What the handlers share: the queue, the reconciler, what is watched and what was heard."""

from __future__ import annotations

import asyncio
from collections.abc import Set
from dataclasses import dataclass, field

from program_user_info_operator.cluster.api_server import (
    CONFIG_MAP,
    FLINK_DEPLOYMENT,
    FLINK_STATE_SNAPSHOT,
    JOB,
    ApiServer,
    Kind,
)
from program_user_info_operator.cluster.lease import LeaseLock, Timing
from program_user_info_operator.cluster.store import Object, Place, Store
from program_user_info_operator.cluster.watch_reader import Scope, WatchReader
from program_user_info_operator.controller.work_queue import WorkQueue
from program_user_info_operator.reconcile.installation import Key, ProfilesRef
from program_user_info_operator.reconcile.jobs_index import JobsIndex
from program_user_info_operator.reconcile.reconciler import Reconciler
from program_user_info_operator.reconcile.secret_reader import SecretReader

WATCHED = (JOB, FLINK_DEPLOYMENT, CONFIG_MAP, FLINK_STATE_SNAPSHOT)
_PART_OF = "app.kubernetes.io/part-of=program-user-info"


@dataclass(frozen=True)
class Dispatcher:
    """`namespaces` is empty for the whole cluster, `selector` for all jobs in them."""

    api: ApiServer
    store: Store
    watches: WatchReader
    reconciler: Reconciler
    index: JobsIndex
    secrets: SecretReader
    lock: LeaseLock
    timing: Timing
    profiles: ProfilesRef
    namespaces: tuple[str, ...]
    selector: str
    workers: int
    resync_seconds: float
    secret_check_seconds: float
    silence_seconds: float
    timeout_seconds: float
    queue: WorkQueue[Key] = field(default_factory=WorkQueue)
    profiles_changed: asyncio.Event = field(default_factory=asyncio.Event)
    turns_changed: asyncio.Event = field(default_factory=asyncio.Event)
    out_of_sight: set[str | None] = field(default_factory=set)
    """Namespaces that this controller may not look into at the moment."""
    is_filled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the store has what there was at the start; see `may_decide`."""
    is_leading: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once this process leads; see `may_decide`."""

    @property
    def watched(self) -> dict[Kind, str]:
        """The kinds that are watched, each with its label selector."""
        return {
            JOB: self.selector,
            FLINK_DEPLOYMENT: _PART_OF,
            CONFIG_MAP: _PART_OF,
            FLINK_STATE_SNAPSHOT: "",
        }

    @property
    def watched_namespaces(self) -> tuple[str, ...]:
        """The jobs' namespaces and the profiles' own; empty for the whole cluster."""
        if not self.namespaces or self.profiles.namespace in self.namespaces:
            return self.namespaces
        return (*self.namespaces, self.profiles.namespace)

    def is_ours(self, namespace: str) -> bool:
        """Whether jobs of this namespace are to be reconciled.

        The profiles' namespace is watched as well, and may have jobs that are not.
        """
        return not self.namespaces or namespace in self.namespaces

    def add(self, namespace: str | None, name: str | None) -> None:
        """Ask for a job to be reconciled, if its namespace is one of ours."""
        if namespace and name and self.is_ours(namespace):
            self.ask(Key(namespace, name))

    async def may_decide(self) -> None:
        """Wait until the store has what there was at the start and this process leads.

        Before that no job is queued, however it comes to be asked for, and none is reconciled: one
        of which only a part is known would lose the deployment that writes for it.
        """
        await self.is_filled.wait()
        await self.is_leading.wait()

    def ask(self, key: Key) -> None:
        """Ask for a job of ours to be reconciled.

        A process that stands by forgets it: when it takes the lead, it looks at every job.
        """
        if self.is_filled.is_set() and self.is_leading.is_set():
            self.queue.add(key)

    def know(self, place: Place, live: Object | None) -> None:
        """Keep what other jobs have to know of a job. Called from any thread."""
        if place.kind is not JOB or not self.is_ours(place.namespace):
            return
        key = Key(place.namespace, place.name)
        if live is None or "deletionTimestamp" in live["metadata"]:
            self.index.remove(key)
        elif place.namespace not in self.out_of_sight:
            self.index.put(key, live)

    def lose_sight_of(self, namespaces: Set[str | None]) -> None:
        """Jobs of these namespaces hold up no other job while their state is not known."""
        before = frozenset(self.out_of_sight)
        self.out_of_sight.clear()
        self.out_of_sight.update(namespaces)
        for place in self.store.versions(JOB):
            if place.namespace in namespaces:
                self.index.step_aside(Key(place.namespace, place.name))
            elif place.namespace in before:
                self.know(place, self.store.get(*place))

    def hear(self, place: Place, job: str | None) -> None:
        """There is news of an object, which may be a job, a job's, or the profiles."""
        if place.kind is JOB:
            self.add(place.namespace, place.name)
        elif place == (CONFIG_MAP, self.profiles.namespace, self.profiles.name):
            self.profiles_changed.set()
        else:
            self.add(place.namespace, job)

    def silent(self) -> list[Scope]:
        """The watches that are open and have said nothing for too long, not even a bookmark."""
        silence = self.watches.silence.seconds()
        return [scope for scope, seconds in silence.items() if seconds > self.silence_seconds]
