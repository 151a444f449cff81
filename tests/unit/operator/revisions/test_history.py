"""The revisions that a status lists: which one runs, which one can, and which ones are kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from program_user_info_operator.api.status import Cause, Outcome, TrialStatus
from program_user_info_operator.revisions.history import KEPT_GOOD, KEPT_REVISIONS, History
from program_user_info_operator.revisions.revision import Revision
from tests.unit.operator.revisions import NOW, revision, status


def history(*outcomes: Outcome, last_good: int | None = None, recorded: str = "") -> History:
    """Revisions 1, 2, … with these outcomes; `recorded` are the numbers of those that can run."""
    revisions = tuple(status(number, outcome=each) for number, each in enumerate(outcomes, 1))
    return History(revisions, last_good, frozenset(f"hash-{number}" for number in recorded))


GOOD, BACK, PENDING, FAILED = Outcome.STABLE, Outcome.ROLLED_BACK, Outcome.PENDING, Outcome.FAILED


def test_of_a_job_that_is_new_there_is_nothing() -> None:
    empty = history()
    assert (empty.newest, empty.good, empty.fallback, empty.running) == (None,) * 4
    assert empty.good_ones == []


@pytest.mark.parametrize(
    ("found", "running", "fallback"),
    [
        (history(GOOD, PENDING, last_good=1, recorded="12"), 2, 1),
        (history(GOOD, PENDING, last_good=1, recorded="2"), 2, None),
        (history(GOOD, BACK, last_good=1, recorded="12"), 1, 1),
        (history(BACK, recorded="1"), 1, None),
        (history(GOOD, FAILED, last_good=1, recorded="12"), 2, 1),
        (history(GOOD, last_good=1, recorded="1"), 1, None),
        (history(PENDING, recorded="1"), 1, None),
    ],
)
def test_which_one_runs_and_which_one_can_take_its_place(
    found: History, running: int, fallback: int | None
) -> None:
    assert found.running is not None
    assert found.running.number == running
    assert (found.fallback.number if found.fallback else None) == fallback


def test_good_ones_are_the_newest_first_each_once_and_only_those_that_can_run() -> None:
    found = history(GOOD, GOOD, BACK, GOOD, GOOD, last_good=5, recorded="1345")
    again = replace(found, revisions=(*found.revisions, status(6, hash="hash-4", outcome=GOOD)))
    assert [each.number for each in again.good_ones] == [6, 5, 1]
    many = history(*([GOOD] * 8), last_good=8, recorded="12345678")
    assert [each.number for each in many.good_ones] == [8, 7, 6, 5, 4]


def test_a_revision_that_begins_supersedes_one_that_had_yet_to_prove_itself() -> None:
    pending = status(2, outcome=PENDING, trial=TrialStatus(breaks=1))
    before = History((status(1), pending), 1)
    made = revision(secrets="s")
    now = NOW + timedelta(seconds=1, milliseconds=7)
    after = before.begin(made, Cause.PROFILE, now)
    assert [each.outcome for each in after.revisions] == [GOOD, Outcome.SUPERSEDED, PENDING]
    assert after.revisions[1].trial is None
    begun = after.revisions[-1]
    moment = NOW + timedelta(seconds=1)
    assert (begun.number, begun.hash, begun.cause) == (3, made.hash, Cause.PROFILE)
    assert (begun.image, begun.config_hash) == (made.image, made.config_hash)
    assert (begun.started, begun.trial) == (moment, TrialStatus(stopped_since=moment))
    assert made.inputs is not None
    assert (begun.release, begun.secrets) == ("release", "s")
    assert begun.profile == made.inputs.profile_id
    assert history().begin(made, Cause.CREATED, NOW).revisions[0].number == 1


def test_one_without_inputs_has_no_ids() -> None:
    made = replace(revision(), inputs=None)
    (begun,) = history().begin(made, Cause.UNDO, NOW).revisions
    assert (begun.release, begun.profile, begun.secrets) == (None, None, None)


def test_what_runs_is_not_followed_by_what_it_was_never_asked_to_prove() -> None:
    """It was made of a newer profile that makes no difference to it: its status has the old one."""
    runs = revision(secrets="s")
    before = History((status(1, hash=runs.hash, release="old", profile="p", secrets="s"),), 1)

    def labels(made: Revision, current: Revision | None) -> tuple[str | None, ...]:
        begun = before.begin(made, Cause.SPEC, NOW, current).revisions[-1]
        return begun.release, begun.profile, begun.secrets

    edited = revision(secrets="t", restartNonce=1)
    assert labels(edited, runs) == ("old", "p", "t")
    assert edited.inputs is not None
    now = ("release", edited.inputs.profile_id, "t")
    assert labels(edited, None) == now
    assert labels(edited, edited) == now
    # Nobody knows what it was made of: all of it is to be proven.
    assert labels(edited, replace(runs, inputs=None)) == now
    released = replace(edited, inputs=replace(edited.inputs, release="newer"))
    assert labels(released, runs) == ("newer", "p", "t")
    the_same = replace(runs, inputs=released.inputs)
    assert labels(the_same, runs) == ("old", "p", "s")


def test_the_newest_ten_are_kept_and_before_them_good_ones_until_there_are_five() -> None:
    def kept(*outcomes: Outcome, last_good: int | None) -> list[int]:
        after = history(*outcomes, last_good=last_good).begin(revision(), Cause.SPEC, NOW)
        return [each.number for each in after.revisions]

    assert kept(*([GOOD] * 12), last_good=12) == list(range(4, 14))
    assert kept(*([BACK] * 12), last_good=None) == list(range(4, 14))
    assert kept(*([GOOD] * 6), *([BACK] * 10), last_good=6) == [*range(2, 7), *range(8, 18)]
    assert kept(GOOD, *([BACK] * 12), last_good=1) == [1, *range(5, 15)]
    assert (KEPT_REVISIONS, KEPT_GOOD) == (10, 5)


def test_what_makes_no_difference_is_only_renamed() -> None:
    made = revision(secrets="new")
    old = status(1, hash=made.hash, outcome=GOOD, release="old", secrets="old")
    renamed = History((old,), 1).relabelled(made).revisions[-1]
    assert (renamed.release, renamed.secrets, renamed.outcome) == ("release", "new", GOOD)
    assert made.inputs is not None
    assert renamed.profile == made.inputs.profile_id


def test_one_that_proves_itself_keeps_what_it_does_not_have_to_prove() -> None:
    """It was begun for a Secret: the release that it gets meanwhile is not on trial."""
    made = revision(secrets="new")
    good = status(1, release="old", profile="p", secrets="first")
    begun = status(2, hash=made.hash, outcome=PENDING, release="old", profile="p", secrets="second")
    renamed = History((good, begun), 1).relabelled(made).revisions[-1]
    assert (renamed.release, renamed.profile, renamed.secrets) == ("old", "p", "new")


def test_another_revision_is_not_renamed() -> None:
    found = History((status(1, hash="other"),), 1)
    assert found.relabelled(revision()) is found
    assert history().relabelled(revision()) == history()
    made = revision()
    same = History((status(1, hash=made.hash),), 1)
    assert same.relabelled(replace(made, inputs=None)) is same


@pytest.mark.parametrize("outcome", [GOOD, FAILED, BACK])
def test_the_newest_one_becomes_the_last_good_one_if_it_is_good(outcome: Outcome) -> None:
    found = history(GOOD, PENDING, last_good=1)
    changed = found.with_newest(status(2, outcome=outcome))
    assert [each.number for each in changed.revisions] == [1, 2]
    assert changed.revisions[-1].outcome is outcome
    assert changed.last_good == (2 if outcome is GOOD else 1)
