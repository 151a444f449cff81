"""Which FlinkDeployments a job should have: beside each other, in place, or one alone."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_operator.api.status import FailureStatus, Outcome
from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob
from program_user_info_operator.policy.deployments import (
    Deployments,
    Placement,
    PlacementInput,
    overlapping_name,
    place,
    strategy,
)
from program_user_info_operator.revisions.history import History
from tests.unit.operator.revisions import revision, status
from tests.unit.operator.specs import resolved, with_fields

GOOD, NEXT = revision(), revision(parallelism=2)
REWINDS = revision(kafka={"startingOffsets": "earliest"})
RUNS = ObservedJob(True, Lifecycle.STABLE, "RUNNING", "id", None, frozenset())
STATEFUL: dict[str, Any] = {
    "upgrade": {"mode": "savepoint"},
    "checkpoints": {"storage": "s3://b"},
}
NEW_NAME = overlapping_name("job", NEXT.hash)
PROVING = History(
    (status(1, hash=GOOD.hash), status(2, hash=NEXT.hash, outcome=Outcome.PENDING)),
    1,
    frozenset([GOOD.hash, NEXT.hash]),
)


def placed(
    history: History = PROVING,
    live: dict[str, str] | None = None,
    failure: FailureStatus | None = None,
    **fields: Any,
) -> Deployments:
    """`live`: the hash of the revision that each FlinkDeployment has."""
    found = {name: replace(RUNS, revision=each) for name, each in (live or {}).items()}
    spec = resolved(with_fields(**fields)).spec
    records = {each.hash: each for each in (GOOD, NEXT, REWINDS)}
    return place(PlacementInput("job", spec, history, records, found, failure))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "overlap"),
        ({"upgrade": {"strategy": "replace"}}, "replace"),
        (STATEFUL, "replace"),
        ({"upgrade": {"strategy": "overlap"}}, "overlap"),
    ],
)
def test_what_has_state_to_hand_on_is_replaced(fields: dict[str, Any], expected: str) -> None:
    assert strategy(resolved(with_fields(**fields)).spec) == expected


def test_nothing_is_placed_before_anything_has_begun_or_if_its_record_is_lost() -> None:
    assert placed(History((), None)) == Deployments((), ())
    lost = History((status(1, hash="lost"),), 1)
    assert placed(lost, live={"job": "lost"}) == Deployments((), ())


def test_the_first_revision_has_a_name_of_its_own_or_that_of_the_job() -> None:
    first = History((status(1, hash=GOOD.hash, outcome=Outcome.PENDING),), None, {GOOD.hash})
    overlapping = placed(first).main
    assert overlapping == Placement(overlapping_name("job", GOOD.hash), GOOD.hash)
    assert placed(first, **STATEFUL).main == Placement("job", GOOD.hash)


def test_a_revision_proves_itself_beside_the_good_one() -> None:
    found = placed(live={"old": GOOD.hash})
    assert found.serving == Placement("old", GOOD.hash)
    assert found.main == Placement(NEW_NAME, NEXT.hash)
    assert (found.superfluous, found.note) == ((), "")


@pytest.mark.parametrize(
    "fields",
    [STATEFUL, {"upgrade": {"strategy": "replace"}}],
)
def test_a_revision_takes_the_place_of_the_one_that_runs(fields: dict[str, Any]) -> None:
    found = placed(live={"old": GOOD.hash}, **fields)
    assert found.wanted == (Placement("old", NEXT.hash),)
    assert found.superfluous == ()


def test_without_a_rollback_nothing_is_left_to_go_back_to() -> None:
    found = placed(live={"old": GOOD.hash}, upgrade={"rollback": False})
    assert found.wanted == (Placement(NEW_NAME, NEXT.hash),)
    assert found.superfluous == ("old",)


def test_once_both_are_deployed_an_edit_of_the_strategy_is_about_the_next_ones() -> None:
    live = {"old": GOOD.hash, NEW_NAME: NEXT.hash}
    for upgrade in ({"strategy": "replace"}, {"rollback": False}):
        found = placed(live=live, upgrade=upgrade)
        assert [each.name for each in found.wanted] == ["old", NEW_NAME]


def test_one_that_sets_the_groups_offsets_back_is_alone() -> None:
    """The old one, which commits its own, would set them forward again."""
    history = replace(
        PROVING,
        revisions=(
            PROVING.revisions[0],
            status(2, hash=REWINDS.hash, outcome=Outcome.PENDING),
        ),
        recorded={GOOD.hash, REWINDS.hash},
    )
    found = placed(history, live={"old": GOOD.hash})
    assert [each.revision for each in found.wanted] == [REWINDS.hash]
    assert found.superfluous == ("old",)


def quota(revision: str, reason: str = "QuotaExceeded") -> FailureStatus:
    return FailureStatus(reason=reason, message="m", revision=revision)


@pytest.mark.parametrize(
    ("failure", "is_alone"),
    [
        (quota(NEXT.hash), True),
        (quota(GOOD.hash), False),
        (quota(NEXT.hash, "ImagePullFailed"), False),
        (None, False),
    ],
)
def test_where_the_quota_leaves_no_room_for_both_they_do_not_overlap(
    failure: FailureStatus | None, is_alone: bool
) -> None:
    found = placed(live={"old": GOOD.hash, NEW_NAME: NEXT.hash}, failure=failure)
    assert (found.serving is None) is is_alone
    assert found.superfluous == (("old",) if is_alone else ())
    assert found.note.startswith("the namespace's quota leaves no room") is is_alone


def test_a_good_revision_that_is_good_leaves_nothing_beside_it() -> None:
    good = History(
        (status(1, hash=GOOD.hash), status(2, hash=NEXT.hash)), 2, {GOOD.hash, NEXT.hash}
    )
    found = placed(good, live={"old": GOOD.hash, NEW_NAME: NEXT.hash, "another": "x"})
    assert found.wanted == (Placement(NEW_NAME, NEXT.hash),)
    assert found.superfluous == ("another", "old")


def test_a_revision_that_was_rolled_back_goes_and_the_good_one_stays_where_it_is() -> None:
    back = replace(
        PROVING,
        revisions=(PROVING.revisions[0], status(2, hash=NEXT.hash, outcome=Outcome.ROLLED_BACK)),
    )
    found = placed(back, live={"old": GOOD.hash, NEW_NAME: NEXT.hash})
    assert found == Deployments((Placement("old", GOOD.hash),), (NEW_NAME,))


def test_a_revision_that_has_failed_with_nothing_to_go_back_to_is_alone() -> None:
    failed = status(2, hash=NEXT.hash, outcome=Outcome.FAILED)
    history = replace(PROVING, revisions=(PROVING.revisions[0], failed))
    found = placed(history, live={"old": GOOD.hash, NEW_NAME: NEXT.hash})
    assert found == Deployments((Placement(NEW_NAME, NEXT.hash),), ("old",))


def test_the_place_that_is_taken_is_that_of_one_that_runs() -> None:
    """Its state is what there is to hand on."""
    live = {"a": replace(RUNS, is_current=False), "b": RUNS, "c": RUNS}
    spec = resolved(with_fields(**STATEFUL)).spec
    records = {NEXT.hash: NEXT}
    history = History((status(1, hash=NEXT.hash, outcome=Outcome.PENDING),), None, {NEXT.hash})
    found = place(PlacementInput("job", spec, history, records, live, None))
    assert found == Deployments((Placement("b", NEXT.hash),), ("a", "c"))


def test_names_stay_what_they_were_in_earlier_releases() -> None:
    """Another name is another FlinkDeployment: each job would be deployed again."""
    names = [overlapping_name("job", "0123456789", attempt) for attempt in (0, 1)]
    assert names == ["job-47ae963f", "job-592edaa3"]


def test_a_name_that_is_taken_by_another_revision_is_not_used() -> None:
    """It may have been upgraded in place, and bear the name of an earlier one."""
    found = placed(live={"old": GOOD.hash, NEW_NAME: "other"})
    assert found.main == Placement(overlapping_name("job", NEXT.hash, 1), NEXT.hash)


@given(
    st.from_regex(r"[a-z]([-a-z0-9]{0,43}[a-z0-9])?", fullmatch=True),
    st.from_regex(r"[0-9a-f]{10}", fullmatch=True),
    st.integers(0, 3),
)
def test_an_overlapping_name_is_one_that_the_flink_operator_takes(
    job: str, hash_: str, attempt: int
) -> None:
    name = overlapping_name(job, hash_, attempt)
    assert re.fullmatch(r"[a-z]([-a-z0-9]{0,43}[a-z0-9])?", name)
    assert len({overlapping_name(job, hash_, number) for number in range(4)}) == 4
