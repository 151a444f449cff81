"""Which FlinkDeployments a job should have now, and which revision each of them runs.

    overlap     revision 6  =======================.
                revision 7          === proving ===|=== alone =======>
    replace     revision 6  =======.
                revision 7         |... starts ...=== proving =======>

With `overlap` the new revision has a FlinkDeployment of its own and proves itself while the good
one still writes; then the good one goes, or else the new one. Both read the same topic for the same
group and write the same rows, and each write carries its event's time (docs/decisions/0014).
With `replace` there is one FlinkDeployment, which the Flink operator upgrades in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Literal

from program_user_info_operator.api.resource import MAX_NAME
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.api.status import FailureStatus, Outcome
from program_user_info_operator.desired.job_config import read_configuration
from program_user_info_operator.hashing import short_hash
from program_user_info_operator.observed.flink_deployment import ObservedJob
from program_user_info_operator.revisions.history import History
from program_user_info_operator.revisions.revision import Revision

Strategy = Literal["overlap", "replace"]

_SUFFIX = 8


@dataclass(frozen=True)
class Placement:
    """A FlinkDeployment by its name, and the hash of the revision that it is to run."""

    name: str
    revision: str


@dataclass(frozen=True)
class Deployments:
    """What should be: `wanted`, the newest revision last, and nothing of `superfluous`.

    `note` says why the revisions do not overlap though they were asked to.
    """

    wanted: tuple[Placement, ...]
    superfluous: tuple[str, ...]
    note: str = ""

    @property
    def main(self) -> Placement | None:
        """The one that the job's state is about."""
        return self.wanted[-1] if self.wanted else None

    @property
    def serving(self) -> Placement | None:
        """The good one beside the one that proves itself."""
        return self.wanted[0] if len(self.wanted) > 1 else None


def strategy(spec: JobSpec) -> Strategy:
    """What the job asks for: state can be handed on to one successor only."""
    if spec.upgrade.strategy is not None:
        return spec.upgrade.strategy
    return "overlap" if spec.upgrade.mode == "stateless" else "replace"


@dataclass(frozen=True)
class PlacementInput:
    """What the decision goes by.

    `records` are the revisions that can run by hash, `live` the job's FlinkDeployments by name;
    `failure` is what the status remembers.
    """

    job: str
    spec: JobSpec
    history: History
    records: Mapping[str, Revision]
    live: Mapping[str, ObservedJob]
    failure: FailureStatus | None


def place(seen: PlacementInput) -> Deployments:
    """Decide."""
    running, live = seen.history.running, seen.live
    if running is None or running.hash not in seen.records:
        return Deployments((), ())
    asked = strategy(seen.spec)
    serving, note = None, ""
    if running.outcome is Outcome.PENDING and seen.history.fallback:
        serving = _serving(seen, asked)
        if _is_out_of_quota(seen.failure, running.hash):
            serving = None
            note = "the namespace's quota leaves no room for both revisions, so they do not overlap"
    main = _placed(seen.job, running.hash, asked, live)
    wanted = (serving, main) if serving is not None and serving.name != main.name else (main,)
    names = {each.name for each in wanted}
    return Deployments(wanted, tuple(sorted(live.keys() - names)), note)


def overlapping_name(job: str, revision: str, attempt: int = 0) -> str:
    """At most 45 characters, as the Flink operator asks for, and no other job's.

    With another `attempt` another one: the Flink operator upgrades a FlinkDeployment in place, so
    that the name of one revision may be what another one runs under.
    """
    named = {"job": job, "revision": revision} | ({"attempt": attempt} if attempt else {})
    suffix = short_hash(named)[:_SUFFIX]
    return f"{job[: MAX_NAME - _SUFFIX - 1].rstrip('-')}-{suffix}"


def _serving(seen: PlacementInput, asked: Strategy) -> Placement | None:
    """The good revision, as long as it is deployed and may continue beside the newest one.

    Where both are deployed, they stay until the newest one has proven itself or not: an edit of
    `upgrade`, or a profile that has one, is about the revisions after it.
    """
    good, newest = seen.history.fallback, seen.history.newest
    if good is None or newest is None:
        return None
    overlaps = any(each.revision == newest.hash for each in seen.live.values())
    if not overlaps and (asked != "overlap" or not seen.spec.upgrade.rollback):
        return None
    if _rewinds(seen.records[good.hash], seen.records[newest.hash]):
        return None
    name = next((name for name, each in seen.live.items() if each.revision == good.hash), None)
    return Placement(name, good.hash) if name is not None else None


def _rewinds(old: Revision, new: Revision) -> bool:
    """Whether the new revision sets the group's offsets, which the old one would set back."""
    starts = [read_configuration(each.config)["kafka"]["startingOffsets"] for each in (old, new)]
    return bool(starts[1] != "committed" and starts[0] != starts[1])


def _placed(job: str, revision: str, asked: Strategy, live: Mapping[str, ObservedJob]) -> Placement:
    """Where the revision is deployed already; else under a name of its own, or in place."""
    there = [name for name, each in sorted(live.items()) if each.revision == revision]
    if there:
        return Placement(there[0], revision)
    if asked == "overlap":
        names = (overlapping_name(job, revision, attempt) for attempt in count())
        return Placement(next(name for name in names if name not in live), revision)
    # In place of what runs, so that its state is handed on.
    running = sorted(live, key=lambda name: (not live[name].runs_current_spec, name))
    return Placement(running[0] if running else job, revision)


def _is_out_of_quota(failure: FailureStatus | None, revision: str) -> bool:
    return (
        failure is not None and failure.reason == "QuotaExceeded" and failure.revision == revision
    )
