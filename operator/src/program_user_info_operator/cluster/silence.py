"""How long each watch has said nothing while it was open.

A working watch delivers something about every minute: an event, or a bookmark of the API server.
One that is closed, because the API server is down, is not silent: it is opened again, and the time
until then does not count.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

W = TypeVar("W", bound=Hashable)


@dataclass
class _Quiet:
    silent: float = 0.0
    opened: float | None = None


class Silence(Generic[W]):
    """Used from one thread. All times in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._watches: dict[W, _Quiet] = {}

    def opened(self, watch: W) -> None:
        """The watch is connected; it has not delivered anything yet."""
        self._watches.setdefault(watch, _Quiet()).opened = self._clock()

    def heard(self, watch: W) -> None:
        """The watch has said something."""
        self._watches[watch] = _Quiet(0.0, self._clock())

    def closed(self, watch: W) -> None:
        """The watch has ended, for whatever reason."""
        known = self._watches[watch]
        known.silent, known.opened = self._of(known), None

    def seconds(self) -> dict[W, float]:
        """The silence of each watch so far."""
        return {watch: self._of(known) for watch, known in self._watches.items()}

    def _of(self, known: _Quiet) -> float:
        return known.silent + (0.0 if known.opened is None else self._clock() - known.opened)
