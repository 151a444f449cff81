"""Where a job stands with what the platform changes: every stage by its history."""

from __future__ import annotations

from datetime import timedelta

import pytest

from program_user_info_operator.api.status import (
    Cause,
    Change,
    ChangeStatus,
    Outcome,
    RevisionStatus,
    Stage,
)
from program_user_info_operator.rollout.stages import Standing, is_proving, stage_of, stages
from tests.unit.operator.revisions import NOW, status

PENDING, STABLE, BACK, FAILED, OVER = (
    Outcome.PENDING,
    Outcome.STABLE,
    Outcome.ROLLED_BACK,
    Outcome.FAILED,
    Outcome.SUPERSEDED,
)
TARGETS = {Change.RELEASE: "r2", Change.PROFILE: "p1"}
History = list[tuple[str, Outcome]]


def revisions(history: History) -> list[RevisionStatus]:
    return [
        status(number, release=release, outcome=outcome)
        for number, (release, outcome) in enumerate(history, start=1)
    ]


def last_good(history: History) -> int | None:
    good = [number for number, (_, outcome) in enumerate(history, 1) if outcome is STABLE]
    return good[-1] if good else None


CASES: list[tuple[str, History, Stage]] = [
    ("a new job", [], Stage.NEW),
    ("a new job on its way", [("r2", PENDING)], Stage.NEW),
    ("a new job, edited on its way", [("r1", OVER), ("r2", PENDING)], Stage.NEW),
    ("a job that never ran in time", [("r2", FAILED)], Stage.EXEMPT),
    ("such a job, tried again", [("r2", FAILED), ("r2", PENDING)], Stage.EXEMPT),
    ("a new job that is good", [("r2", STABLE)], Stage.GOOD),
    ("it has yet to get the release", [("r1", STABLE)], Stage.WAITING),
    ("edited while it waits", [("r1", STABLE), ("r1", PENDING)], Stage.WAITING),
    ("an edit failed while it waits", [("r1", STABLE), ("r1", BACK)], Stage.WAITING),
    ("it has the release", [("r1", STABLE), ("r2", PENDING)], Stage.IN_FLIGHT),
    ("edited in flight", [("r1", STABLE), ("r2", OVER), ("r2", PENDING)], Stage.IN_FLIGHT),
    ("good with it", [("r1", STABLE), ("r2", STABLE)], Stage.GOOD),
    ("edited after that", [("r2", STABLE), ("r2", PENDING)], Stage.GOOD),
    ("an edit failed after that", [("r2", STABLE), ("r2", BACK)], Stage.GOOD),
    ("rolled back from it", [("r1", STABLE), ("r2", BACK)], Stage.FAILED),
    ("failed without a way back", [("r1", STABLE), ("r2", FAILED)], Stage.FAILED),
    (
        "it was back on the old release and edited there",
        [("r1", STABLE), ("r2", BACK), ("r1", STABLE)],
        Stage.FAILED,
    ),
    ("tried again", [("r1", STABLE), ("r2", BACK), ("r2", PENDING)], Stage.RETRYING),
    (
        "edited while it is tried again",
        [("r1", STABLE), ("r2", BACK), ("r2", OVER), ("r2", PENDING)],
        Stage.RETRYING,
    ),
    ("failed again", [("r1", STABLE), ("r2", BACK), ("r2", BACK)], Stage.FAILED),
    ("good in the end", [("r1", STABLE), ("r2", BACK), ("r2", STABLE)], Stage.GOOD),
    ("another release failed", [("r1", STABLE), ("r0", BACK)], Stage.WAITING),
    ("the chart went back and forth", [("r2", STABLE), ("r1", STABLE)], Stage.WAITING),
]


@pytest.mark.parametrize(("history", "stage"), [pytest.param(*c[1:], id=c[0]) for c in CASES])
def test_every_stage(history: History, stage: Stage) -> None:
    standing = Standing(revisions(history), last_good(history), TARGETS)
    assert stage_of(standing, Change.RELEASE) is stage


@pytest.mark.parametrize("history", [case[1] for case in CASES])
def test_a_pinned_job_is_exempt_whatever_has_happened(history: History) -> None:
    standing = Standing(revisions(history), last_good(history), TARGETS, {Change.RELEASE})
    assert stage_of(standing, Change.RELEASE) is Stage.EXEMPT


def test_a_job_that_is_suspended_and_has_never_been_good_holds_up_nobody() -> None:
    made = revisions([("r2", PENDING)])
    assert stage_of(Standing(made, None, TARGETS, is_idle=True), Change.RELEASE) is Stage.EXEMPT
    made = revisions([("r1", STABLE)])
    assert stage_of(Standing(made, 1, TARGETS, is_idle=True), Change.RELEASE) is Stage.WAITING


def test_each_change_has_its_own_stage() -> None:
    made = [status(1, release="r2", profile="p0"), status(2, release="r2", outcome=PENDING)]
    found = stages(Standing(made, 1, TARGETS), [], NOW)
    assert [(each.change, each.id, each.stage) for each in found] == [
        ("Release", "r2", Stage.GOOD),
        ("Profile", "p1", Stage.IN_FLIGHT),
    ]


def test_a_stage_lasts_since_it_was_first_so() -> None:
    standing = Standing(revisions([("r1", STABLE)]), 1, {Change.RELEASE: "r2"})
    (first,) = stages(standing, [], NOW)
    later = NOW + timedelta(hours=1)
    assert stages(standing, [first], later) == [first]
    (other,) = stages(Standing(standing.revisions, 1, {Change.RELEASE: "r3"}), [first], later)
    assert other == ChangeStatus(change="Release", id="r3", stage=Stage.WAITING, since=later)


@pytest.mark.parametrize(
    ("history", "cause", "proving"),
    [
        ([], Cause.SPEC, False),
        ([("r2", PENDING)], Cause.CREATED, False),
        ([("r1", FAILED), ("r2", PENDING)], Cause.RELEASE, True),
        ([("r1", STABLE), ("r2", PENDING)], Cause.RELEASE, True),
        ([("r1", STABLE), ("r2", OVER), ("r2", PENDING)], Cause.SPEC, True),
        ([("r2", STABLE), ("r2", PENDING)], Cause.SPEC, False),
        ([("r2", STABLE), ("r1", PENDING)], Cause.UNDO, False),
        ([("r1", STABLE), ("r2", OVER), ("r2", PENDING)], Cause.SECRET, True),
        ([("r1", STABLE), ("r2", STABLE)], Cause.RELEASE, False),
        ([("r1", STABLE), ("r2", BACK)], Cause.RELEASE, False),
    ],
)
def test_who_counts_as_under_way(history: History, cause: Cause, proving: bool) -> None:
    made = revisions(history)
    if made:
        made[-1] = made[-1].model_copy(update={"cause": cause})
    assert is_proving(made, last_good(history)) is proving
