"""Which revision a job is to run: its user's change at once, the platform's in its turn.

    what runs -------- the user's edit ----------> edited
                       and the Secrets ----------> with_secrets
                       and the profile ----------> pinned
                       and the release ----------> latest

What `latest` has beyond `edited` is the platform's: the job waits for its turn with it. A pinned
job gets all but the release. `upgrade.revision` goes back to what was good once, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.api.status import Cause, Change, Outcome, RevisionStatus
from program_user_info_operator.policy.compatibility import refuse_change
from program_user_info_operator.revisions.candidates import Candidates
from program_user_info_operator.revisions.history import History
from program_user_info_operator.revisions.revision import Inputs, Revision

MayTake = Callable[[list[Change]], str]
"""Why it is not the job's turn with these changes; empty: it is."""

_SUSPENDED = "waits until the job is resumed"


@dataclass(frozen=True)
class Situation:
    """What there is to choose from, and what has become of earlier choices."""

    candidates: Candidates
    history: History
    records: Mapping[str, Revision]

    @property
    def spec(self) -> JobSpec:
        """The complete spec, as it is asked for."""
        return self.candidates.asked.resolved.spec

    @property
    def is_rolled_back(self) -> bool:
        """Whether the newest revision failed and another one runs."""
        newest = self.history.newest
        return newest is not None and newest.outcome is Outcome.ROLLED_BACK

    @property
    def is_edited(self) -> bool:
        """Whether the user has changed the job since the newest revision was made."""
        newest = self.history.newest
        made_of = self.records.get(newest.hash) if newest else None
        if made_of is None or made_of.inputs is None:
            return True
        return made_of.inputs.spec != self.candidates.asked.inputs.spec


@dataclass(frozen=True)
class Choice:
    """`wanted` is what the job is to run; None: what it was last to run, whatever became of that.

    `cause` is set where that begins a revision. `note` says what the job has yet to get.
    """

    wanted: Revision | None
    cause: Cause | None = None
    note: str = ""


def choose(situation: Situation, may_take: MayTake) -> Choice | Refusal:
    """Decide. `may_take` is called only where the platform alone would change the deployment."""
    if situation.spec.upgrade.revision is not None:
        return _undone(situation, situation.spec.upgrade.revision)
    latest, current = _latest(situation), situation.candidates.current
    if isinstance(latest, Refusal):
        return latest
    if current is None:
        return _begin(situation, latest, Cause.CREATED) if latest else Choice(None)
    if latest is None:
        return Choice(None, note="the edit waits for a release or profile that it fits")
    if situation.is_rolled_back:
        return _after_roll_back(situation, latest, current, may_take)
    return _forward(situation, latest, current, may_take)


def _latest(situation: Situation) -> Revision | Refusal | None:
    candidates = situation.candidates
    return candidates.pinned if situation.spec.is_pinned else candidates.latest


def _forward(
    situation: Situation, latest: Revision, current: Revision, may_take: MayTake
) -> Choice | Refusal:
    edited = situation.candidates.edited
    if isinstance(edited, Refusal):
        return edited
    if edited is None:
        edited = current
    newest = situation.history.newest
    if latest.hash == edited.hash:
        # What the platform changed makes no difference. An edit begins without it all the same: it
        # may fail, and that must not halt other jobs.
        wanted = latest if edited.hash == current.hash else edited
        return _begin(situation, wanted, Cause.SPEC)
    if newest is not None and latest.hash == newest.hash:
        return _begin(situation, latest, Cause.SPEC)
    changes = _changes(edited, latest)
    # Before asking whose turn it is: a job that is refused must not take another job's turn.
    refusal = refuse_change(current, latest, situation.spec.upgrade.mode)
    if refusal is not None:
        return refusal
    note = _SUSPENDED if situation.spec.state == "suspended" else may_take(changes)
    if not note:
        return _begin(situation, latest, _cause(changes))
    if changes != [Change.SECRET] and Change.SECRET in changes and note != _SUSPENDED:
        with_secrets = situation.candidates.with_secrets
        if isinstance(with_secrets, Revision) and not may_take([Change.SECRET]):
            return _begin(situation, with_secrets, Cause.SECRET, note)
    return _begin(situation, edited, Cause.SPEC, note)


def _after_roll_back(
    situation: Situation, latest: Revision, current: Revision, may_take: MayTake
) -> Choice | Refusal:
    """The user can ask for a new attempt, and so does the platform with a different change."""
    newest, good = situation.history.newest, situation.history.good
    assert newest is not None
    if latest.hash == newest.hash:
        return Choice(None)
    by_platform = good is None or _ids(newest) != _ids(good)
    if situation.is_edited and not by_platform:
        return _forward(situation, latest, current, may_take)
    since = _changes_of(newest, latest)
    if latest.hash == current.hash:
        # What failed was taken back.
        return Choice(latest, Cause.SPEC if situation.is_edited else _cause(since))
    refusal = refuse_change(current, latest, situation.spec.upgrade.mode)
    if refusal is not None:
        return refusal
    if situation.is_edited:
        return _edited_after_roll_back(situation, latest, current, may_take)
    # A release says nothing about an edit that failed; another profile or Secret may help it.
    if situation.spec.state == "suspended" or (not by_platform and since == [Change.RELEASE]):
        return Choice(None)
    changes = _changes(current, latest)
    note = may_take(changes)
    return Choice(None, note=note) if note else Choice(latest, _cause(changes))


def _edited_after_roll_back(
    situation: Situation, latest: Revision, current: Revision, may_take: MayTake
) -> Choice | Refusal:
    """The edit, together with the change that failed: it asks to try that again, nothing newer."""
    newest = situation.history.newest
    if newest is not None and latest.inputs is not None and _ids(newest) == _ids_of(latest.inputs):
        return Choice(latest, Cause.SPEC)
    return _forward(situation, latest, current, may_take)


def _undone(situation: Situation, number: int) -> Choice | Refusal:
    history = situation.history
    wanted = next((each for each in history.revisions if each.number == number), None)
    if (
        wanted is None
        or wanted.outcome is not Outcome.STABLE
        or wanted.hash not in situation.records
    ):
        known = ", ".join(str(each.number) for each in reversed(history.good_ones)) or "none"
        return Refusal(
            "RevisionUnknown",
            f"upgrade.revision: {number} is not one of the good revisions that are kept ({known});"
            " set one of them, or remove the field",
        )
    revision, current = situation.records[wanted.hash], situation.candidates.current
    if current is not None:
        refusal = refuse_change(current, revision, situation.spec.upgrade.mode)
        if refusal is not None:
            return refusal
    note = f"upgrade.revision is set, so revision {number} runs and other changes do not apply"
    if history.newest is not None and history.newest.hash == revision.hash:
        return Choice(None, note=note)
    return Choice(revision, Cause.UNDO, note)


def _begin(
    situation: Situation, wanted: Revision, cause: Cause, note: str = ""
) -> Choice | Refusal:
    """Begin a revision, unless it is the newest one already."""
    current, newest = situation.candidates.current, situation.history.newest
    if newest is None:
        return Choice(wanted, Cause.CREATED, note)
    if wanted.hash == newest.hash:
        return Choice(wanted, note=note)
    if current is not None:
        refusal = refuse_change(current, wanted, situation.spec.upgrade.mode)
        if refusal is not None:
            return refusal
    return Choice(wanted, cause, note)


def _changes(before: Revision, after: Revision) -> list[Change]:
    """What of the platform's differs; the release, where nothing else explains it."""
    if before.inputs is None or after.inputs is None:
        return [Change.RELEASE]
    pairs = {
        Change.RELEASE: (before.inputs.release, after.inputs.release),
        Change.PROFILE: (before.inputs.profile_id, after.inputs.profile_id),
        Change.SECRET: (before.inputs.secrets, after.inputs.secrets),
    }
    return [change for change, (old, new) in pairs.items() if old != new] or [Change.RELEASE]


def _changes_of(newest: RevisionStatus, latest: Revision) -> list[Change]:
    if latest.inputs is None:
        return [Change.RELEASE]
    pairs = zip(Change, _ids(newest), _ids_of(latest.inputs), strict=True)
    found = [change for change, old, now in pairs if old != now]
    return found or [Change.RELEASE]


def _ids(revision: RevisionStatus) -> tuple[str | None, ...]:
    return revision.release, revision.profile, revision.secrets


def _ids_of(inputs: Inputs) -> tuple[str | None, ...]:
    return inputs.release, inputs.profile_id, inputs.secrets


def _cause(changes: list[Change]) -> Cause:
    """The first of release, profile, Secret."""
    return Cause(changes[0].value)
