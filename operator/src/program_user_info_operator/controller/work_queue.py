"""A queue of keys: each at most once, never worked on twice at a time, failures backed off."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Hashable
from datetime import timedelta
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_FIRST_DELAY = 0.5
_LONGEST_DELAY = 60.0


class WorkQueue(Generic[K]):
    """Keys waiting for work. A key added while it is worked on is worked on again."""

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter
        self._ready: asyncio.Queue[K] = asyncio.Queue()
        self._queued: set[K] = set()
        self._working: set[K] = set()
        self._again: set[K] = set()
        self._failures: dict[K, int] = {}
        self._later: dict[K, asyncio.TimerHandle] = {}

    def add(self, key: K) -> None:
        """Ask for the key to be worked on as soon as possible."""
        if key in self._working:
            self._again.add(key)
        elif key not in self._queued:
            later = self._later.pop(key, None)
            if later is not None:
                later.cancel()
            self._queued.add(key)
            self._ready.put_nowait(key)

    def add_later(self, key: K, delay: timedelta) -> None:
        """Ask for the key to be worked on after the delay, unless it is before."""
        loop, seconds = asyncio.get_running_loop(), delay.total_seconds()
        known = self._later.get(key)
        if known is None or known.when() > loop.time() + seconds:
            self._schedule(key, seconds)

    def __len__(self) -> int:
        return len(self._queued)

    async def work(self, handle: Callable[[K], Awaitable[None]]) -> None:
        """Work on keys for ever; any number of workers may run at once.

        `handle` raises to have the key tried again later, ever later as it fails in a row.
        """
        while True:
            key = await self._ready.get()
            self._queued.discard(key)
            self._working.add(key)
            try:
                await handle(key)
            except Exception:  # noqa: BLE001 - `handle` has logged it
                self._retry_later(key)
            else:
                self._failures.pop(key, None)
            finally:
                self._working.discard(key)
                if key in self._again:
                    self._again.discard(key)
                    self.add(key)

    def _retry_later(self, key: K) -> None:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        delay = min(_FIRST_DELAY * 2.0 ** (failures - 1), _LONGEST_DELAY)
        self._schedule(key, delay * (0.5 + self._jitter() / 2))

    def _schedule(self, key: K, delay: float) -> None:
        def due() -> None:
            self._later.pop(key, None)
            self.add(key)

        earlier = self._later.pop(key, None)
        if earlier is not None:
            earlier.cancel()
        self._later[key] = asyncio.get_running_loop().call_later(delay, due)
