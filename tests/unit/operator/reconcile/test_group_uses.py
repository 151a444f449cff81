"""Who uses which group: rivals are found as a look at every other job would find them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_operator.policy.shared_group import GroupUse
from program_user_info_operator.reconcile.group_uses import GroupUses
from program_user_info_operator.reconcile.installation import Key

A, B, C = (Key("ns", name) for name in "abc")


def use(key: Key, table: str = "t", group: str = "g", topic: str = "t") -> GroupUse:
    return GroupUse(
        job=str(key),
        created=datetime(2026, 1, 1, tzinfo=UTC),
        group=group,
        brokers=frozenset(["k:1"]),
        topics=frozenset([topic]),
        servers=frozenset(["c:1"]),
        table=table,
    )


@pytest.fixture
def uses() -> GroupUses:
    return GroupUses()


def test_jobs_that_do_the_same_are_no_rivals(uses: GroupUses) -> None:
    assert uses.put(A, use(A)) == []
    assert uses.put(B, use(B)) == []
    assert uses.rivals(use(C)) == {}


def test_a_job_with_another_table_concerns_all_of_its_group(uses: GroupUses) -> None:
    uses.put(A, use(A))
    uses.put(B, use(B))
    assert set(uses.put(C, use(C, table="u"))) == {A, B}
    assert set(uses.rivals(use(C, table="u"))) == {A, B}


def test_what_is_known_already_concerns_nobody(uses: GroupUses) -> None:
    uses.put(A, use(A))
    uses.put(B, use(B, table="u"))
    assert uses.put(B, use(B, table="u")) == []


def test_a_job_that_changes_its_group_concerns_those_of_both(uses: GroupUses) -> None:
    uses.put(A, use(A))
    uses.put(B, use(B, group="h"))
    uses.put(C, use(C, table="u"))
    assert set(uses.put(C, use(C, table="u", group="h"))) == {A, B}
    assert uses.rivals(use(A)) == {}


def test_those_of_a_group_may_ask_for_the_place_of_one_that_goes(uses: GroupUses) -> None:
    uses.put(A, use(A))
    uses.put(B, use(B))
    assert uses.put(B, None) == [A]
    assert uses.remove(B) == []
    assert uses.remove(A) == []
    assert uses.rivals(use(C, table="u")) == {}


KEYS = [Key("ns", name) for name in "abcde"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(KEYS),
        st.none()
        | st.builds(
            use,
            st.just(A),
            table=st.sampled_from("tu"),
            group=st.sampled_from("gh"),
            topic=st.sampled_from("tv"),
        ),
    ),
    max_size=15,
)


@given(STEPS, st.sampled_from("tu"), st.sampled_from("tv"))
def test_rivals_are_those_that_a_comparison_with_every_job_finds(
    steps: list[tuple[Key, GroupUse | None]], table: str, topic: str
) -> None:
    uses, known = GroupUses(), dict[Key, GroupUse]()
    for key, given_use in steps:
        told = None if given_use is None else replace(given_use, job=str(key))
        uses.put(key, told)
        known.pop(key, None)
        if told is not None:
            known[key] = told
    asked = use(Key("ns", "new"), table=table, topic=topic)
    expected = {
        key: each
        for key, each in known.items()
        if each.group == asked.group and asked.competes_with(each)
    }
    assert uses.rivals(asked) == expected
