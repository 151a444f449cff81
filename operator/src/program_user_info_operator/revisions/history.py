"""The revisions of a job as its status lists them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from program_user_info_operator.api.status import Cause, Outcome, RevisionStatus, TrialStatus
from program_user_info_operator.revisions.revision import Inputs, Revision

KEPT_REVISIONS = 10
KEPT_GOOD = 5
"""This many good revisions are kept completely, to go back to them."""


@dataclass(frozen=True)
class History:
    """Oldest first. Only the revisions in `recorded`, by hash, can run again."""

    revisions: tuple[RevisionStatus, ...]
    last_good: int | None
    recorded: Collection[str] = frozenset()

    @property
    def newest(self) -> RevisionStatus | None:
        """The one that is wanted, and was rolled back if it failed."""
        return self.revisions[-1] if self.revisions else None

    @property
    def good(self) -> RevisionStatus | None:
        """The last one that was good."""
        return next((each for each in self.revisions if each.number == self.last_good), None)

    @property
    def good_ones(self) -> list[RevisionStatus]:
        """The last good ones that can run again, newest first, each once."""
        found: dict[str, RevisionStatus] = {}
        for each in reversed(self.revisions):
            if each.outcome is Outcome.STABLE and each.hash in self.recorded:
                found.setdefault(each.hash, each)
        return list(found.values())[:KEPT_GOOD]

    @property
    def fallback(self) -> RevisionStatus | None:
        """The good one that can take the newest one's place, if there is one."""
        good = self.good
        if good is None or self.newest is None or good.hash == self.newest.hash:
            return None
        return good if good.hash in self.recorded else None

    @property
    def running(self) -> RevisionStatus | None:
        """The one that should be deployed now."""
        newest = self.newest
        if newest is not None and newest.outcome is Outcome.ROLLED_BACK:
            return self.good or newest
        return newest

    def begin(
        self, revision: Revision, cause: Cause, now: datetime, current: Revision | None = None
    ) -> History:
        """Followed by another revision; `current` is the one that is deployed."""
        begun = RevisionStatus(
            number=self.revisions[-1].number + 1 if self.revisions else 1,
            hash=revision.hash,
            cause=cause,
            image=revision.image,
            config_hash=revision.config_hash,
            started=now.replace(microsecond=0),
            outcome=Outcome.PENDING,
            **self._taken_up(revision, current),
            # Until the Flink operator picks it up.
            trial=TrialStatus(stopped_since=now.replace(microsecond=0)),
        )
        earlier = [
            each.model_copy(update={"outcome": Outcome.SUPERSEDED, "trial": None})
            if each.outcome is Outcome.PENDING
            else each
            for each in self.revisions
        ]
        return replace(self, revisions=_bounded([*earlier, begun], self.last_good))

    def relabelled(self, revision: Revision) -> History:
        """The same where the platform's changes make no difference to what the job runs.

        `revision` is the newest one, made of the present inputs. If it is good, it is good with
        these. If it is not good yet, it is on trial for other changes now: a failure must not be
        blamed on a change that it got meanwhile.
        """
        newest, inputs, good = self.newest, revision.inputs, self.good
        if newest is None or inputs is None or newest.hash != revision.hash:
            return self
        now = _ids(inputs)
        if good is not None and good.number != newest.number:
            to_prove = [name for name in now if getattr(newest, name) != getattr(good, name)]
            now = {name: now[name] for name in to_prove}
        changed = newest.model_copy(update=now)
        return self if changed == newest else self.with_newest(changed)

    def _taken_up(self, revision: Revision, current: Revision | None) -> dict[str, str | None]:
        """The ids of release, profile and Secrets that the status of a new revision gets.

        Of a change that makes no difference to the running revision, the record has the new id and
        the status still the old one, because the job took no turn for it. The new revision keeps
        the old id of such a change, too, and takes the new ids of all others.
        """
        now, running = _ids(revision.inputs), self.running
        if running is None or current is None or running.hash != current.hash:
            return now
        known = _ids(current.inputs)
        is_same = revision.hash == current.hash
        return {
            name: getattr(running, name) if is_same or known[name] == wanted else wanted
            for name, wanted in now.items()
        }

    def with_newest(self, changed: RevisionStatus) -> History:
        """The same with the newest revision as it is now known to be."""
        is_good = changed.outcome is Outcome.STABLE
        last_good = changed.number if is_good else self.last_good
        return replace(self, revisions=(*self.revisions[:-1], changed), last_good=last_good)


def _ids(inputs: Inputs | None) -> dict[str, str | None]:
    """What of the platform's a revision was made of."""
    if inputs is None:
        return {"release": None, "profile": None, "secrets": None}
    return {"release": inputs.release, "profile": inputs.profile_id, "secrets": inputs.secrets}


def _bounded(
    revisions: Sequence[RevisionStatus], last_good: int | None
) -> tuple[RevisionStatus, ...]:
    """The newest ones, and of those before them the last good ones."""
    newest, older = revisions[-KEPT_REVISIONS:], revisions[:-KEPT_REVISIONS]
    good = sum(each.outcome is Outcome.STABLE for each in newest)
    kept: list[RevisionStatus] = []
    for each in reversed(older):
        if each.outcome is Outcome.STABLE and good < KEPT_GOOD:
            good += 1
            kept.insert(0, each)
        elif each.number == last_good:
            kept.insert(0, each)
    return (*kept, *newest)
