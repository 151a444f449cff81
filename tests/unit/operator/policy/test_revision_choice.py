"""Which revision a job is to run, by what is edited, what the platform has, and what has failed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.status import Cause, Change, Outcome, RevisionStatus
from program_user_info_operator.environments.resolve import defaults
from program_user_info_operator.policy.revision_choice import Choice, Situation, choose
from program_user_info_operator.revisions.history import History
from program_user_info_operator.revisions.revision import Inputs, Revision, own_inputs
from tests.unit.operator.revisions import revision, status
from tests.unit.operator.specs import resolved, with_fields

WAITS = "it is not its turn"
REFUSED = Refusal("Why", "so")


def made(
    parallelism: int = 1,
    *,
    release: str = "r1",
    profile: dict[str, Any] | None = None,
    secrets: str = "s1",
    **fields: Any,
) -> Revision:
    """One that differs by its parallelism, which its user or else the platform has set."""
    is_edit = (release, profile, secrets) == ("r1", None, "s1") and parallelism != 1
    spec = with_fields(**(fields | {"parallelism": parallelism} if is_edit else fields))
    inputs = Inputs(own_inputs(spec), profile, defaults(), secrets, release)
    return replace(revision(parallelism=parallelism, **fields), inputs=inputs)


CURRENT = made(1)
EDIT = made(2)
RELEASE = made(3, release="r2")
PROFILE = made(4, profile={"parallelism": 4})
SECRET = made(5, secrets="s2")
EVERYTHING = made(6, release="r2", profile={"parallelism": 4}, secrets="s2")


@dataclass
class Case:
    """A job that runs `current`, with what there is for it."""

    latest: Revision | Refusal | None = CURRENT
    edited: Revision | Refusal | None = CURRENT
    current: Revision | None = CURRENT
    with_secrets: Revision | None = None
    pinned: Revision | None = None
    spec: dict[str, Any] = field(default_factory=dict)
    revisions: tuple[RevisionStatus, ...] | None = None
    may_take: bool = True
    asked: list[list[Change]] = field(default_factory=list)

    def _ask(self, changes: list[Change]) -> str:
        self.asked.append(changes)
        return "" if self.may_take else WAITS

    def choice(self) -> Choice | Refusal:
        everything = (CURRENT, EDIT, RELEASE, PROFILE, SECRET, EVERYTHING)
        of_current = (of(1, self.current),) if self.current else ()
        revisions = of_current if self.revisions is None else self.revisions
        edited = self.edited if isinstance(self.edited, Revision) else self.current
        candidates: Any = SimpleNamespace(
            latest=self.latest,
            pinned=self.pinned,
            edited=self.edited,
            with_secrets=self.with_secrets,
            current=self.current,
            asked=SimpleNamespace(
                resolved=resolved(with_fields(**self.spec)),
                inputs=edited.inputs if edited else None,
            ),
        )
        history = History(revisions, 1, frozenset(each.hash for each in everything))
        records = {each.hash: each for each in everything}
        return choose(Situation(candidates, history, records), self._ask)


def of(number: int, what: Revision, outcome: Outcome = Outcome.STABLE) -> RevisionStatus:
    """The revision's entry in the status."""
    inputs = what.inputs
    assert inputs is not None
    return status(
        number,
        hash=what.hash,
        outcome=outcome,
        release=inputs.release,
        profile=inputs.profile_id,
        secrets=inputs.secrets,
    )


def failed(what: Revision) -> tuple[RevisionStatus, ...]:
    return of(1, CURRENT), of(2, what, Outcome.ROLLED_BACK)


@pytest.mark.parametrize(
    ("case", "choice"),
    [
        (Case(), Choice(CURRENT)),
        (Case(current=None, edited=None), Choice(CURRENT, Cause.CREATED)),
        (Case(current=None, edited=None, latest=None), Choice(None)),
        (Case(latest=REFUSED), REFUSED),
        (Case(edited=REFUSED), REFUSED),
        (
            Case(latest=None, edited=None),
            Choice(None, note="the edit waits for a release or profile that it fits"),
        ),
        (Case(latest=EDIT, edited=EDIT), Choice(EDIT, Cause.SPEC)),
        (Case(latest=RELEASE), Choice(RELEASE, Cause.RELEASE)),
        (Case(latest=PROFILE), Choice(PROFILE, Cause.PROFILE)),
        (Case(latest=SECRET), Choice(SECRET, Cause.SECRET)),
        (Case(latest=EVERYTHING), Choice(EVERYTHING, Cause.RELEASE)),
        (Case(latest=RELEASE, edited=None), Choice(RELEASE, Cause.RELEASE)),
        (Case(latest=RELEASE, may_take=False), Choice(CURRENT, note=WAITS)),
        (Case(latest=RELEASE, edited=EDIT, may_take=False), Choice(EDIT, Cause.SPEC, WAITS)),
        (
            Case(latest=RELEASE, spec={"state": "suspended"}),
            Choice(CURRENT, note="waits until the job is resumed"),
        ),
        (
            Case(latest=RELEASE, pinned=CURRENT, spec={"image": "mine"}),
            Choice(CURRENT),
        ),
        (
            Case(latest=RELEASE, revisions=(of(1, CURRENT), of(2, RELEASE, Outcome.PENDING))),
            Choice(RELEASE),
        ),
    ],
)
def test_a_job_that_runs(case: Case, choice: Choice | Refusal) -> None:
    assert case.choice() == choice


@pytest.mark.parametrize(
    ("latest", "changes"),
    [
        (RELEASE, [Change.RELEASE]),
        (PROFILE, [Change.PROFILE]),
        (SECRET, [Change.SECRET]),
        (EVERYTHING, [Change.RELEASE, Change.PROFILE, Change.SECRET]),
        (replace(RELEASE, inputs=None), [Change.RELEASE]),
        (replace(RELEASE, inputs=CURRENT.inputs), [Change.RELEASE]),
    ],
)
def test_it_is_asked_for_its_turn_with_what_the_platform_changed(
    latest: Revision, changes: list[Change]
) -> None:
    case = Case(latest=latest)
    case.choice()
    assert case.asked == [changes]


def test_a_new_secret_does_not_wait_for_the_release() -> None:
    class Secrets(Case):
        def _ask(self, changes: list[Change]) -> str:
            return "" if changes == [Change.SECRET] else WAITS

    case = Secrets(latest=EVERYTHING, with_secrets=SECRET)
    assert case.choice() == Choice(SECRET, Cause.SECRET, WAITS)
    without = Secrets(latest=EVERYTHING)
    assert without.choice() == Choice(CURRENT, note=WAITS)
    idle = Secrets(latest=EVERYTHING, with_secrets=SECRET, spec={"state": "suspended"})
    assert idle.choice() == Choice(CURRENT, note="waits until the job is resumed")


assert EDIT.inputs is not None
RELEASE_OF_EDIT = replace(made(8), inputs=replace(EDIT.inputs, release="r2"))
BIGGER = made(7, kafka={"topic": "t"}, cassandra={"layout": "map"})


@pytest.mark.parametrize(
    "case",
    [
        Case(latest=BIGGER, edited=BIGGER),
        Case(latest=replace(BIGGER, inputs=RELEASE.inputs)),
        Case(latest=BIGGER, edited=BIGGER, revisions=failed(EDIT)),
    ],
)
def test_what_would_corrupt_a_table_is_refused_and_takes_nobodys_place(case: Case) -> None:
    found = case.choice()
    assert isinstance(found, Refusal)
    assert found.reason == "IncompatibleTable"
    assert case.asked == []


@pytest.mark.parametrize(
    ("case", "choice"),
    [
        # The user's edit failed: nothing happens until the user, a profile or a Secret helps it.
        (Case(latest=EDIT, edited=EDIT, revisions=failed(EDIT)), Choice(None)),
        (Case(revisions=failed(EDIT)), Choice(CURRENT, Cause.SPEC)),
        (
            Case(
                latest=RELEASE_OF_EDIT,
                edited=EDIT,
                revisions=failed(EDIT),
            ),
            Choice(None),
        ),
        # The release failed: another one is tried in its turn, and one that is taken back at once.
        (Case(latest=RELEASE, revisions=failed(RELEASE)), Choice(None)),
        (Case(latest=PROFILE, revisions=failed(RELEASE)), Choice(PROFILE, Cause.PROFILE)),
        (
            Case(latest=PROFILE, revisions=failed(RELEASE), may_take=False),
            Choice(None, note=WAITS),
        ),
        (
            Case(latest=PROFILE, revisions=failed(RELEASE), spec={"state": "suspended"}),
            Choice(None),
        ),
        (Case(revisions=failed(RELEASE)), Choice(CURRENT, Cause.RELEASE)),
        (Case(revisions=failed(PROFILE)), Choice(CURRENT, Cause.PROFILE)),
        (Case(revisions=failed(SECRET)), Choice(CURRENT, Cause.SECRET)),
        (Case(latest=EDIT, edited=EDIT, revisions=failed(RELEASE)), Choice(EDIT, Cause.SPEC)),
    ],
)
def test_a_job_whose_newest_revision_failed(case: Case, choice: Choice) -> None:
    assert case.choice() == choice


@pytest.mark.parametrize(
    ("number", "choice"),
    [
        (
            1,
            Choice(
                CURRENT,
                Cause.UNDO,
                "upgrade.revision is set, so revision 1 runs and other changes do not apply",
            ),
        ),
        (
            2,
            Choice(
                None,
                None,
                "upgrade.revision is set, so revision 2 runs and other changes do not apply",
            ),
        ),
        (
            3,
            Refusal(
                "RevisionUnknown",
                "upgrade.revision: 3 is not one of the good revisions that are kept (1, 2); set one"
                " of them, or remove the field",
            ),
        ),
    ],
)
def test_going_back_to_a_revision(number: int, choice: Choice | Refusal) -> None:
    case = Case(
        current=EDIT,
        edited=EDIT,
        latest=RELEASE,
        spec={"upgrade": {"revision": number}},
        revisions=(of(1, CURRENT), of(2, EDIT)),
    )
    assert case.choice() == choice
    assert case.asked == []


@pytest.mark.parametrize(
    ("record", "is_edited"),
    [
        (CURRENT, False),
        (EDIT, True),
        # What an earlier release recorded without its inputs, and what is lost, nobody can compare.
        (replace(CURRENT, inputs=None), True),
        (None, True),
    ],
)
def test_a_job_is_edited_unless_its_newest_revision_is_known_to_be_made_of_the_same(
    record: Revision | None, is_edited: bool
) -> None:
    candidates: Any = SimpleNamespace(asked=SimpleNamespace(inputs=CURRENT.inputs))
    history = History((of(1, CURRENT),), 1)
    records = {} if record is None else {CURRENT.hash: record}
    assert Situation(candidates, history, records).is_edited is is_edited
