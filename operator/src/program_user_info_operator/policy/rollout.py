"""Waves: which jobs may take up a new release of the operator next. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

K = TypeVar("K")


class Stage(StrEnum):
    """Where a job stands in the rollout of the present release."""

    WAITING = "Waiting"
    IN_FLIGHT = "InFlight"
    """It has the release, and has yet to run stably for the soak time."""
    FAILED = "Failed"
    """It was rolled back from the release."""


@dataclass(frozen=True)
class Entry:
    """A job in the rollout. Jobs that have the release, or never will, are not in it."""

    environment: str
    stage: Stage


@dataclass(frozen=True)
class Waves:
    """At most `max_concurrent` jobs at once; environments in this order, all others after them."""

    max_concurrent: int
    environments: tuple[str, ...]

    def rank(self, environment: str) -> tuple[int, str]:
        """Where an environment comes in the order."""
        if environment in self.environments:
            return self.environments.index(environment), environment
        return len(self.environments), environment


@dataclass(frozen=True)
class Turn(Generic[K]):
    """The jobs whose turn it is; none while a failed job halts the rollout."""

    keys: tuple[K, ...]
    environment: str | None
    halted_by: K | None


def next_turn(entries: Mapping[K, Entry], waves: Waves) -> Turn[K]:
    """Whose turn it is: an environment begins when those before it are through."""
    failed = sorted(
        (str(key), key) for key, entry in entries.items() if entry.stage is Stage.FAILED
    )
    if failed:
        return Turn((), None, failed[0][1])
    if not entries:
        return Turn((), None, None)
    environment = min((entry.environment for entry in entries.values()), key=waves.rank)
    in_flight = sum(entry.stage is Stage.IN_FLIGHT for entry in entries.values())
    waiting = sorted(
        (str(key), key)
        for key, entry in entries.items()
        if entry.stage is Stage.WAITING and entry.environment == environment
    )
    free = max(0, waves.max_concurrent - in_flight)
    return Turn(tuple(key for _, key in waiting[:free]), environment, None)
