"""What the handlers share: the queue, the reconciler, what is watched and how fresh it is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from program_user_info_operator.cluster.api_server import (
    CONFIG_MAP,
    FLINK_DEPLOYMENT,
    JOB,
    ApiServer,
    Kind,
)
from program_user_info_operator.freshness import Freshness
from program_user_info_operator.reconcile.keys import Key, ProfilesRef
from program_user_info_operator.reconcile.reconciler import Reconciler
from program_user_info_operator.reconcile.rollout_board import RolloutBoard
from program_user_info_operator.work_queue import WorkQueue

_PART_OF = "app.kubernetes.io/part-of=program-user-info"


@dataclass(frozen=True)
class Controller:
    """`namespaces` is empty for the whole cluster, `selector` for all jobs in them."""

    api: ApiServer
    reconciler: Reconciler
    board: RolloutBoard
    profiles: ProfilesRef
    namespaces: tuple[str, ...]
    selector: str
    workers: int
    resync_seconds: float
    grace_seconds: float
    timeout_seconds: float
    queue: WorkQueue[Key] = field(default_factory=WorkQueue)
    profiles_changed: asyncio.Event = field(default_factory=asyncio.Event)
    freshness: dict[Kind, Freshness] = field(
        default_factory=lambda: {kind: Freshness() for kind in (JOB, FLINK_DEPLOYMENT, CONFIG_MAP)}
    )

    @property
    def watched(self) -> dict[Kind, str]:
        """The kinds that are watched, each with its label selector."""
        return {JOB: self.selector, FLINK_DEPLOYMENT: _PART_OF, CONFIG_MAP: _PART_OF}

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
            self.queue.add(Key(namespace, name))

    def behind(self) -> dict[str, int]:
        """How many objects each watch that is not fresh is behind."""
        return {
            kind.name: len(watch.behind) for kind, watch in self.freshness.items() if watch.behind
        }
