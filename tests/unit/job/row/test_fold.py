"""The fold that `verify` compares with: whatever the order, the newest cell; Cassandra's ties."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.row.event_to_row import Origin, Row, write_timestamp
from program_user_info_job.row.fold import Folded, as_stored
from program_user_info_job.row.layout import FLAT, MAP, CqlType


def row(stamp: int, *, deletion: bool = False, **cells: Any) -> Row:
    return Row("p", "u", cells, stamp, deletion)


def fold(*rows: Row) -> Folded:
    folded = Folded()
    for each in rows:
        folded.add(each, FLAT.columns | MAP.columns | {"created_at": FLAT.columns["created_at"]})
    return folded


ROWS = st.lists(
    st.builds(
        row,
        st.integers(1, 5),
        deletion=st.just(False),
        program_name=st.none() | st.sampled_from("abc"),
        created_at=st.none() | st.integers(-3, 3),
    )
    | st.builds(row, st.integers(1, 5), deletion=st.just(True)),
    max_size=6,
)


@given(ROWS, st.randoms())
def test_the_order_does_not_matter(rows: list[Row], random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    ours, other = fold(*rows), fold(*shuffled)
    assert (ours.exists, ours.values()) == (other.exists, other.values())


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ([row(2, program_name="new"), row(1, program_name="old")], "new"),
        ([row(2, user_type="t"), row(1, program_name="untouched")], "untouched"),
        ([row(1, program_name="a"), row(1, program_name="b")], "b"),
        ([row(1, program_name=None), row(1, program_name="b")], None),
        ([row(1, deletion=True), row(1, program_name="b")], None),
        ([row(1, deletion=True), row(2, program_name="b")], "b"),
    ],
)
def test_the_newest_cell_wins(rows: list[Row], name: str | None) -> None:
    assert fold(*rows).values()["program_name"] == name


OFFSETS = st.integers(0, 5000)


@given(st.integers(1, 10**13), st.integers(1, 10**13), OFFSETS, OFFSETS)
def test_a_later_millisecond_wins_whatever_the_offsets(a: int, b: int, x: int, y: int) -> None:
    stamps = [write_timestamp(a, Origin(x, 0), timedelta(days=1), a)]
    stamps.append(write_timestamp(b, Origin(y, 0), timedelta(days=1), b))
    assert a == b or (stamps[0] < stamps[1]) == (a < b)


@given(OFFSETS, OFFSETS)
def test_of_one_millisecond_one_event_wins_as_a_whole_unless_the_offsets_agree_modulo_1000(
    x: int, y: int
) -> None:
    names = {"program_name": ("a", "b"), "user_type": ("b", "a")}
    events = [
        Row(
            "p",
            "u",
            {column: values[number] for column, values in names.items()},
            write_timestamp(1, Origin(offset, 0), timedelta(days=1), 1),
        )
        for number, offset in enumerate((x, y))
    ]
    winner = fold(*events).values()
    if x % 1000 == y % 1000:
        assert winner == {"program_name": "b", "user_type": "b"}  # value by value: a mixture
    else:
        assert winner == events[0 if x % 1000 > y % 1000 else 1].cells


def test_a_map_has_no_order() -> None:
    one, other = ({"b": "2", "a": "1"}, {"a": "1", "b": "2"})
    assert fold(row(1, user_locations=one)).values() == fold(row(1, user_locations=other)).values()


@given(ROWS, ROWS)
def test_each_cell_that_some_of_the_uncertain_rows_make_is_possible(
    certain: list[Row], uncertain: list[Row]
) -> None:
    folded = fold(*certain)
    for each in uncertain:
        folded.add(each, FLAT.columns, certain=False)
    possible = folded.possible(latest=5)
    for count in range(len(uncertain) + 1):
        for written in combinations(uncertain, count):
            outcome = fold(*certain, *written)
            assert outcome.exists in {each.exists for each in possible}
            if outcome.exists:
                for name, value in outcome.values().items():
                    assert value in [
                        each.values().get(name) if each.exists else None for each in possible
                    ]


def test_a_row_that_is_too_new_is_not_possible() -> None:
    folded = fold(row(1, program_name="old"))
    folded.add(row(5, program_name="new"), FLAT.columns, certain=False)
    assert [each.values()["program_name"] for each in folded.possible(latest=4)] == ["old"]
    names = [each.values()["program_name"] for each in folded.possible(latest=5)]
    assert names == ["old", "new"]


@pytest.mark.parametrize(
    ("millis", "day"),
    [(0, 0), (-1, -1), (20_000 * 86_400_000, 20_000), (20_000 * 86_400_000 - 1, 19_999)],
)
def test_a_date_has_no_time(millis: int, day: int) -> None:
    assert as_stored(millis, CqlType.DATE) == day
    assert as_stored(millis, CqlType.TIMESTAMP) == millis
    assert as_stored(None, CqlType.DATE) is None


def test_of_two_maps_of_one_write_timestamp_the_greater_one_stays() -> None:
    rows = [row(1, user_locations={"state_name": name}) for name in "ab"]
    for order in (rows, rows[::-1]):
        assert fold(*order).values() == {"user_locations": [["state_name", "b"]]}
