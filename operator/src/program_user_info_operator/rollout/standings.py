"""Which job gets a change of the platform next, decided from the stages of all jobs.

    order         staging                production
    Release       a Good, b InFlight     c Waiting, d Waiting
                          '---- holds up ----'

A release goes from environment to environment: one begins when every job of those before it is
through. A profile concerns the jobs of its environment, a Secret those of its namespace. A failure
halts what has failed, wherever it goes. At most `Waves.max_concurrent` jobs are under way at once,
whatever changes they get.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from program_user_info_operator.api.status import Change, ChangeStatus, Stage

_HALTING = (Stage.FAILED, Stage.RETRYING)
_THROUGH = (Stage.GOOD, Stage.EXEMPT)


class Key(NamedTuple):
    """A job's place in the cluster."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Waves:
    """At most `max_concurrent` jobs at once; environments in this order, all others after them."""

    max_concurrent: int
    environments: tuple[str, ...]
    paused: bool = False

    def rank(self, environment: str) -> tuple[int, str]:
        """Where an environment comes in the order."""
        if environment in self.environments:
            return self.environments.index(environment), environment
        return len(self.environments), environment


@dataclass(frozen=True)
class Target:
    """The release that all jobs are to have: its id, and what people call it."""

    id: str
    name: str


@dataclass(frozen=True)
class Member:
    """A job as the others see it. `proving`: it counts as one of those under way."""

    key: Key
    environment: str
    changes: tuple[ChangeStatus, ...] = ()
    proving: bool = False
    reason: str = ""
    """Of its condition."""

    def at(self, change: str) -> ChangeStatus | None:
        """Where it stands with a change."""
        return next((each for each in self.changes if each.change == change), None)


@dataclass(frozen=True)
class HeldUp:
    """`note` says what a job waits for; `holder` is the job that it waits for, if it is one."""

    note: str
    holder: Key | None = None
    since: datetime | None = None


class _Bucket(NamedTuple):
    """Names a set of jobs that have one property in common, such as one stage of one change."""

    what: str
    scope: str = ""
    id: str = ""


_PROVING = _Bucket("proving")


@dataclass
class Standings:
    """Every job by what matters to the others: a copy of the statuses, quickly looked up."""

    waves: Waves
    target: Target
    _members: dict[Key, Member] = field(default_factory=dict)
    _buckets: dict[_Bucket, dict[Key, None]] = field(default_factory=dict)

    def put(self, member: Member) -> bool:
        """Keep what is known of a job; whether that may let another one go."""
        if self._members.get(member.key) == member:
            return False
        before = self._take_out(member.key)
        self._members[member.key] = member
        after = set(self._buckets_of(member))
        for bucket in after:
            self._buckets.setdefault(bucket, {})[member.key] = None
        return any(bucket.what != "waiting" for bucket in before - after)

    def remove(self, key: Key) -> bool:
        """The job is gone; whether that may let another one go."""
        return bool(self._take_out(key))

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def holds_up(
        self, job: Member, wanted: Sequence[ChangeStatus], reserved: Collection[Key] = ()
    ) -> HeldUp | None:
        """What keeps this job from getting these changes now; None: it is its turn.

        `reserved` are jobs that were let go and whose status does not say so yet.
        """
        what = self._called(wanted)
        if self.waves.paused:
            return HeldUp(f"{what} waits: rollouts are paused (rollout.paused)")
        for change in wanted:
            holder = self._halting(job, change) or self._before(job, change)
            if holder is not None:
                return holder
        under_way = [key for key in self._keys(_PROVING) if key != job.key]
        under_way += [key for key in reserved if key != job.key and key not in under_way]
        if len(under_way) < self.waves.max_concurrent:
            return None
        return self._waits_for(under_way[0], what, ", which is still on trial with a change")

    def next_in_turn(self) -> list[Key]:
        """Jobs to ask again: the first by name of each environment, as many as may go at once."""
        found: list[Key] = []
        for bucket in self._in_order("waiting"):
            found += sorted(self._keys(bucket))[: self.waves.max_concurrent]
        return found

    def waiting(self) -> list[Key]:
        """All jobs that wait, in the order of their environments."""
        return [key for bucket in self._in_order("waiting") for key in self._keys(bucket)]

    # -- who is in the way -----------------------------------------------------------------------

    def _halting(self, job: Member, change: ChangeStatus) -> HeldUp | None:
        bucket = _Bucket(f"halts {change.change}", _scope(change.change, job), change.id)
        holder = next((key for key in self._keys(bucket) if key != job.key), None)
        if holder is None:
            return None
        stands = self._members[holder].at(change.change)
        since = stands.since if stands else None
        what = self._called([change])
        return HeldUp(
            f"{what} is halted{_moment(since)}, because it failed on {holder}: correct, pin or"
            " delete that job, or replace the change that failed",
            holder,
            since,
        )

    def _before(self, job: Member, change: ChangeStatus) -> HeldUp | None:
        """A job of an environment that comes first."""
        if change.change != Change.RELEASE:
            return None
        for bucket in self._in_order("open"):
            if self.waves.rank(bucket.scope) >= self.waves.rank(job.environment):
                return None
            holder = next(iter(self._keys(bucket)))
            told = f" of environment {bucket.scope}, which is not good with it yet"
            return self._waits_for(holder, self._called([change]), told)
        return None

    def _waits_for(self, holder: Key, what: str, told: str) -> HeldUp:
        member = self._members.get(holder)
        found = [each for each in member.changes if each.stage not in _THROUGH] if member else []
        since = min((each.since for each in found), default=None)
        reason = f" ({member.reason})" if member and member.reason else ""
        return HeldUp(f"{what} waits{_moment(since)} for {holder}{reason}{told}", holder, since)

    def _called(self, changes: Sequence[ChangeStatus]) -> str:
        names = {
            Change.RELEASE: f"release {self.target.name}",
            Change.PROFILE: "the changed profile",
            Change.SECRET: "the changed Secret",
        }
        return " with ".join(names[Change(each.change)] for each in changes)

    # -- the index -------------------------------------------------------------------------------

    def _buckets_of(self, member: Member) -> Iterator[_Bucket]:
        if member.proving:
            yield _PROVING
        for each in member.changes:
            if each.stage in _HALTING:
                yield _Bucket(f"halts {each.change}", _scope(each.change, member), each.id)
            if each.stage in (Stage.WAITING, Stage.FAILED):
                yield _Bucket("waiting", member.environment)
        release = member.at(Change.RELEASE)
        if release is None or release.id != self.target.id or release.stage not in _THROUGH:
            yield _Bucket("open", member.environment)

    def _take_out(self, key: Key) -> set[_Bucket]:
        member = self._members.pop(key, None)
        if member is None:
            return set()
        places = set(self._buckets_of(member))
        for bucket in places:
            keys = self._buckets[bucket]
            del keys[key]
            if not keys:
                del self._buckets[bucket]
        return places

    def _keys(self, bucket: _Bucket) -> Collection[Key]:
        return self._buckets.get(bucket, {}).keys()

    def _in_order(self, what: str) -> list[_Bucket]:
        found = [bucket for bucket in self._buckets if bucket.what == what]
        return sorted(found, key=lambda bucket: self.waves.rank(bucket.scope))


def _scope(change: str, member: Member) -> str:
    """Among which jobs a failure of this change counts."""
    if change == Change.PROFILE:
        return member.environment
    return member.key.namespace if change == Change.SECRET else ""


def _moment(since: datetime | None) -> str:
    return f" since {since:%Y-%m-%dT%H:%MZ}" if since else ""
