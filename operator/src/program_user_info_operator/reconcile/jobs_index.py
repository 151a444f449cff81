"""All jobs by what one of them has to know of the others: a copy of their statuses.

It is filled by what the watches tell, and holds nothing that is not in an object, but for one
thing: a job that was just let go counts as under way from then on, until its status says so.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from program_user_info_operator.api.status import Change, ChangeStatus, JobStatus, Stage
from program_user_info_operator.policy.shared_group import GroupUse, use_in_status
from program_user_info_operator.reconcile.group_uses import GroupUses
from program_user_info_operator.rollout.standings import (
    HeldUp,
    Key,
    Member,
    Standings,
    Target,
    Waves,
)

Object = Mapping[str, Any]


class JobsIndex:
    """Safe to use from several threads."""

    def __init__(self, waves: Waves, target: Target, installation: str) -> None:
        """`installation` is who keeps the jobs: those of another one are none of ours."""
        self.target = target
        self._installation = installation
        self._standings = Standings(waves, target)
        self._uses = GroupUses()
        self._reserved: set[Key] = set()
        self._held: dict[Key, HeldUp] = {}
        self._states: dict[Key, tuple[str, str]] = {}
        self._lock = threading.RLock()
        self._versions: dict[Key, int] = {}
        self._wake: Callable[[Key], object] = lambda _: None
        self._turns_changed: Callable[[], object] = lambda: None

    def connect(self, wake: Callable[[Key], object], turns_changed: Callable[[], object]) -> None:
        """Have these called from any thread.

        `wake` is for a job to be looked at again, `turns_changed` says that it may be another job's
        turn: `next_in_turn` and `waiting` tell whose.
        """
        self._wake, self._turns_changed = wake, turns_changed

    # -- what the watches tell -------------------------------------------------------------------

    def put(self, key: Key, job: Object) -> None:
        """A job as it is now; an older version than the one that is known is ignored."""
        version = int(job["metadata"]["resourceVersion"])
        status = JobStatus.model_validate(job.get("status") or {})
        true = next((each for each in status.conditions if each.status == "True"), None)
        environment = str((job.get("spec") or {}).get("environment"))
        member = Member(
            key,
            environment,
            tuple(status.rollout.changes),
            status.rollout.proving,
            true.reason if true else "",
        )
        is_ours = status.controller in (None, self._installation)
        with self._lock:
            if version < self._versions.get(key, 0):
                return
            self._versions[key] = version
            created = datetime.fromisoformat(job["metadata"]["creationTimestamp"])
            others = self._uses.put(key, use_in_status(str(key), created, status))
            if member.proving:
                self._reserved.discard(key)
            if is_ours and true is not None:
                self._states[key] = (true.type, true.reason)
            is_turn = self._standings.put(member) if is_ours else self._leave(key)
        for other in others:
            self._wake(other)
        if is_turn:
            self._turns_changed()

    def remove(self, key: Key) -> None:
        """A job is gone, or goes."""
        with self._lock:
            others = self._uses.remove(key)
            self._versions.pop(key, None)
            is_turn = self._leave(key)
        for other in others:
            self._wake(other)
        if is_turn:
            self._turns_changed()

    def step_aside(self, key: Key) -> None:
        """A job holds up no other one, and counts for nothing here, though it may run.

        What it uses of its group stays its own: a rival would take events from it.
        """
        with self._lock:
            is_turn = self._leave(key)
        if is_turn:
            self._turns_changed()

    def _leave(self, key: Key) -> bool:
        """Whether it may be another job's turn now."""
        self._states.pop(key, None)
        self._held.pop(key, None)
        was_let_go = key in self._reserved
        self._reserved.discard(key)
        return self._standings.remove(key) or was_let_go

    # -- what one job asks -----------------------------------------------------------------------

    def held_up(self, key: Key, environment: str, wanted: Sequence[ChangeStatus]) -> HeldUp | None:
        """What keeps the job from getting these changes; None: it counts as under way now."""
        with self._lock:
            found = self._standings.holds_up(Member(key, environment), wanted, self._reserved)
            if found is None:
                self._reserved.add(key)
            return found

    def settle(self, key: Key, held: HeldUp | None, *, let_go: bool) -> None:
        """Record how a reconciliation ended: what holds the job up, and whether it gets changes."""
        with self._lock:
            if held is None:
                self._held.pop(key, None)
            else:
                self._held[key] = held
            if not let_go:
                self._reserved.discard(key)

    def rivals(self, use: GroupUse) -> list[GroupUse]:
        """What the jobs use that compete with this use."""
        with self._lock:
            return list(self._uses.rivals(use).values())

    # -- whose turn it may be --------------------------------------------------------------------

    def next_in_turn(self) -> list[Key]:
        """Jobs whose turn it may be."""
        with self._lock:
            return self._standings.next_in_turn()

    def waiting(self) -> list[Key]:
        """All jobs that wait, whose message may have to name another job now."""
        with self._lock:
            return self._standings.waiting()

    # -- for the metrics -------------------------------------------------------------------------

    def counts(self) -> Counter[tuple[str, str]]:
        """Jobs by condition and reason."""
        with self._lock:
            return Counter(self._states.values())

    def states(self) -> dict[Key, tuple[str, str]]:
        """Condition and reason of each job."""
        with self._lock:
            return dict(self._states)

    def stages(self) -> Counter[tuple[str, str]]:
        """Jobs by change and stage."""
        with self._lock:
            found = [
                (each.change, each.stage.value)
                for member in self._standings
                for each in member.changes
            ]
        every = {(change.value, stage.value): 0 for change in Change for stage in Stage}
        return Counter(every | Counter(found))

    def holders(self) -> dict[Key, tuple[int, float]]:
        """Jobs that hold others up: how many, and for how many seconds the longest."""
        now, found = datetime.now(UTC), dict[Key, tuple[int, float]]()
        with self._lock:
            held = list(self._held.values())
        for each in held:
            if each.holder is not None:
                count, longest = found.get(each.holder, (0, 0.0))
                since = (now - each.since).total_seconds() if each.since else 0.0
                found[each.holder] = (count + 1, max(longest, since))
        return found


def wanted_changes(
    changes: Iterable[Change], targets: Mapping[Change, str], now: datetime
) -> list[ChangeStatus]:
    """The changes that a job does not have yet."""
    return [
        ChangeStatus(change=each.value, id=targets[each], stage=Stage.WAITING, since=now)
        for each in changes
        if each in targets
    ]
