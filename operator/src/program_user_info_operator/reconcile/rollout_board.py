"""The rollout of the present release over all jobs of this controller: who has it, who waits.

It holds nothing that is not in the jobs' statuses: a new process fills it by reconciling every job
once, and lets nobody through before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from program_user_info_operator.policy.choice import Admission
from program_user_info_operator.policy.rollout import Entry, Stage, Turn, Waves, next_turn
from program_user_info_operator.reconcile.keys import Key


class RolloutBoard:
    """Safe to use from several threads."""

    def __init__(self, waves: Waves, release: str) -> None:
        self._waves = waves
        self._release = release
        self._waits = f"{release} waits for its turn in the rollout"
        self._wake: Callable[[Key], None] = lambda _: None
        self._lock = threading.Lock()
        self._entries: dict[Key, Entry] = {}
        self._unseen: set[Key] | None = None

    def connect(self, wake: Callable[[Key], None]) -> None:
        """Have `wake` called, from any thread, with each job whose turn has come."""
        self._wake = wake

    def expect(self, keys: Iterable[Key]) -> None:
        """All jobs there are, said once at the start: each must be looked at before any begins."""
        with self._lock:
            if self._unseen is None:
                self._unseen = set(keys)
        self._wake_next()

    def ask(self, key: Key, environment: str) -> Admission:
        """Whether the job may take up the release now; it is in the rollout from here on."""
        with self._lock:
            known = self._entries.get(key)
            if known is not None and known.stage is Stage.IN_FLIGHT:
                return Admission(True)
            self._entries[key] = Entry(environment, Stage.WAITING)
            if self._unseen is None or self._unseen - {key}:
                return Admission(False, self._waits)
            turn = next_turn(self._entries, self._waves)
            if key in turn.keys:
                self._entries[key] = Entry(environment, Stage.IN_FLIGHT)
                return Admission(True)
            return Admission(False, self._note(turn))

    def settle(self, key: Key, entry: Entry | None) -> None:
        """Where the job stands after a reconciliation; None: not in the rollout (any more)."""
        with self._lock:
            if entry is None:
                self._entries.pop(key, None)
            else:
                self._entries[key] = entry
            if self._unseen is not None:
                self._unseen.discard(key)
        self._wake_next()

    def counts(self) -> dict[Stage, int]:
        """How many jobs stand where."""
        with self._lock:
            stages = [entry.stage for entry in self._entries.values()]
        return {stage: stages.count(stage) for stage in Stage}

    def _wake_next(self) -> None:
        with self._lock:
            ready = self._unseen is not None and not self._unseen
            keys = next_turn(self._entries, self._waves).keys if ready else ()
        for key in keys:
            self._wake(key)

    def _note(self, turn: Turn[Key]) -> str:
        if turn.halted_by is not None:
            return (
                f"the rollout of {self._release} is halted, for it failed on {turn.halted_by}: pin"
                " or correct that job, or install another release"
            )
        return self._waits
