"""Whose turn it is, and what those are told whose turn it is not."""

from __future__ import annotations

import random

import pytest

from program_user_info_operator.api.status import Change, ChangeStatus, Stage
from program_user_info_operator.rollout.standings import (
    HeldUp,
    Key,
    Member,
    Standings,
    Target,
    Waves,
)
from tests.unit.operator.revisions import NOW

WAVES = Waves(1, ("staging", "production"))
TARGET = Target("r2", "2.0")


def key(name: str) -> Key:
    return Key("ns", name)


def change(stage: Stage, kind: Change = Change.RELEASE, id: str = "r2") -> ChangeStatus:  # noqa: A002
    return ChangeStatus(change=kind, id=id, stage=stage, since=NOW)


def member(
    name: str,
    stage: Stage,
    environment: str = "staging",
    *more: ChangeStatus,
    proving: bool = False,
    reason: str = "Running",
) -> Member:
    under_way = proving or stage in (Stage.IN_FLIGHT, Stage.RETRYING)
    return Member(key(name), environment, (change(stage), *more), under_way, reason)


def standings(*members: Member, waves: Waves = WAVES) -> Standings:
    found = Standings(waves, TARGET)
    for each in members:
        found.put(each)
    return found


def held(job: Member, *others: Member, waves: Waves = WAVES) -> HeldUp | None:
    return standings(job, *others, waves=waves).holds_up(job, [change(Stage.WAITING)])


JOB = member("job", Stage.WAITING, "production")


def test_alone_it_is_ones_turn() -> None:
    assert held(JOB) is None


@pytest.mark.parametrize(
    ("stage", "environment", "holds"),
    [
        (Stage.GOOD, "staging", False),
        (Stage.EXEMPT, "staging", False),
        (Stage.NEW, "staging", True),
        (Stage.WAITING, "staging", True),
        (Stage.IN_FLIGHT, "staging", True),
        (Stage.RETRYING, "staging", True),
        (Stage.FAILED, "staging", True),
        (Stage.GOOD, "production", False),
        (Stage.NEW, "production", False),
        (Stage.WAITING, "production", False),
        (Stage.IN_FLIGHT, "production", True),
        (Stage.RETRYING, "production", True),
        (Stage.FAILED, "production", True),
        (Stage.WAITING, "unlisted", False),
        (Stage.IN_FLIGHT, "unlisted", True),
        (Stage.FAILED, "unlisted", True),
    ],
)
def test_who_holds_up_a_job_in_production(stage: Stage, environment: str, holds: bool) -> None:
    found = held(JOB, member("other", stage, environment))
    assert (found is not None) is holds
    assert found is None or found.holder == key("other")


def test_a_job_that_nobody_has_looked_at_since_the_release_came_holds_up_those_after_it() -> None:
    unseen = Member(key("other"), "staging", (change(Stage.GOOD, id="r1"),))
    found = held(JOB, unseen)
    assert found is not None
    assert found.holder == key("other")


def test_environments_that_are_not_listed_come_last_by_name() -> None:
    waves = Waves(9, ("staging",))
    job = member("job", Stage.WAITING, "b")
    assert held(job, member("other", Stage.WAITING, "a"), waves=waves) is not None
    assert held(job, member("other", Stage.WAITING, "c"), waves=waves) is None


def test_no_more_than_so_many_are_under_way_whatever_they_take_up() -> None:
    waves = Waves(2, ())
    flying = [member(name, Stage.IN_FLIGHT) for name in "ab"]
    job = member("job", Stage.WAITING)
    assert held(job, flying[0], waves=waves) is None
    assert held(job, *flying, waves=waves) is not None
    own = member("job", Stage.WAITING, proving=True)
    assert held(own, flying[0], waves=waves) is None


def test_a_job_that_was_just_let_go_counts_before_its_status_says_so() -> None:
    job = member("job", Stage.WAITING)
    found = standings(job).holds_up(job, [change(Stage.WAITING)], [key("other")])
    assert found is not None
    assert found.holder == key("other")
    assert standings(job).holds_up(job, [change(Stage.WAITING)], [key("job")]) is None


@pytest.mark.parametrize(
    ("kind", "other", "holds"),
    [
        (Change.PROFILE, Member(key("other"), "staging"), True),
        (Change.PROFILE, Member(key("other"), "production"), False),
        (Change.SECRET, Member(key("other"), "production"), True),
        (Change.SECRET, Member(Key("elsewhere", "other"), "staging"), False),
    ],
)
def test_a_profile_is_halted_in_its_environment_and_a_secret_in_its_namespace(
    kind: Change, other: Member, holds: bool
) -> None:
    stands = (change(Stage.GOOD), change(Stage.FAILED, kind, "x"))
    failed = Member(other.key, other.environment, stands)
    job = member("job", Stage.GOOD, "staging")
    wanted = change(Stage.WAITING, kind, "x")
    found = standings(job, failed).holds_up(job, [wanted])
    assert (found is not None) is holds
    another = change(Stage.WAITING, kind, "y")
    assert standings(job, failed).holds_up(job, [another]) is None


def test_a_failed_job_may_try_again() -> None:
    failed = member("job", Stage.FAILED)
    assert held(failed) is None


def test_nobody_goes_while_rollouts_are_paused() -> None:
    found = held(JOB, waves=Waves(1, (), paused=True))
    assert found is not None
    assert found.note == "release 2.0 waits: rollouts are paused (rollout.paused)"


@pytest.mark.parametrize(
    ("other", "note"),
    [
        (
            member("other", Stage.FAILED),
            (
                "release 2.0 is halted since 2026-01-01T00:00Z, because it failed on ns/other:"
                " correct, pin or delete that job, or replace the change that failed"
            ),
        ),
        (
            member("other", Stage.WAITING, reason="ProfileInvalid"),
            (
                "release 2.0 waits since 2026-01-01T00:00Z for ns/other (ProfileInvalid) of"
                " environment staging, which is not good with it yet"
            ),
        ),
        (
            member("other", Stage.IN_FLIGHT, "production"),
            (
                "release 2.0 waits since 2026-01-01T00:00Z for ns/other (Running), which is still"
                " on trial with a change"
            ),
        ),
    ],
)
def test_the_job_that_holds_up_is_named_and_since_when(other: Member, note: str) -> None:
    found = held(JOB, other)
    assert found is not None
    assert (found.note, found.since) == (note, NOW)


def test_the_next_ones_are_the_first_by_name_of_each_environment() -> None:
    waves = Waves(2, ("staging", "production"))
    found = standings(
        *(member(name, Stage.WAITING) for name in "cab"),
        *(member(name, Stage.WAITING, "production") for name in "ed"),
        member("z", Stage.GOOD),
        waves=waves,
    )
    assert [each.name for each in found.next_in_turn()] == ["a", "b", "d", "e"]
    assert [each.name for each in found.waiting()] == ["c", "a", "b", "e", "d"]


@pytest.mark.parametrize(
    ("before", "after", "matters"),
    [
        (Stage.IN_FLIGHT, Stage.GOOD, True),
        (Stage.FAILED, Stage.EXEMPT, True),
        (Stage.WAITING, Stage.GOOD, True),
        (Stage.WAITING, Stage.IN_FLIGHT, False),
        (Stage.IN_FLIGHT, Stage.FAILED, True),
        (Stage.GOOD, Stage.WAITING, False),
    ],
)
def test_others_are_woken_where_one_may_go(before: Stage, after: Stage, matters: bool) -> None:
    found = standings(member("job", before))
    assert not found.put(member("job", before))
    assert found.put(member("job", after)) is matters


def test_a_job_that_goes_lets_others_go() -> None:
    found = standings(member("a", Stage.FAILED), JOB)
    assert found.remove(key("a"))
    assert not found.remove(key("a"))
    assert found.holds_up(JOB, [change(Stage.WAITING)]) is None


def test_the_index_is_what_a_walk_over_all_jobs_would_find() -> None:
    chance = random.Random(5)
    found = Standings(Waves(3, ("staging",)), TARGET)
    known: dict[Key, Member] = {}
    for _ in range(2_000):
        name = f"job-{chance.randrange(20)}"
        if chance.random() < 0.2:
            found.remove(key(name))
            known.pop(key(name), None)
        else:
            stage = chance.choice(list(Stage))
            environment = chance.choice(["staging", "production"])
            known[key(name)] = member(name, stage, environment)
            found.put(known[key(name)])
    again = standings(*known.values(), waves=found.waves)
    assert sorted(found.waiting()) == sorted(again.waiting())
    assert sorted(found, key=lambda each: each.key) == sorted(again, key=lambda each: each.key)
    assert {bucket: set(keys) for bucket, keys in found._buckets.items()} == {
        bucket: set(keys) for bucket, keys in again._buckets.items()
    }
