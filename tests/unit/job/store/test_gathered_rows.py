"""Rows that wait for more of their program."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.row.event_to_row import Row
from program_user_info_job.store.gathered_rows import GatheredRows
from program_user_info_job.store.needed_rows import EncodedRow, Indexed
from tests.unit.job.prepared import encoded


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from("abcd"), max_size=20), st.sets(st.sampled_from("abcd"))),
        max_size=5,
    ),
    st.integers(1, 6),
)
def test_no_row_is_lost_or_sent_twice_and_none_leaves_early_but_in_full_or_when_asked_for(
    parts: list[tuple[list[str], set[str]]], full: int
) -> None:
    gathered = GatheredRows(full)
    early: list[list[EncodedRow]] = []
    late: list[list[EncodedRow]] = []
    number = 0
    for programs, complete in parts:
        items = [
            Indexed(number + n, Row(program, "u", {}, 0)) for n, program in enumerate(programs)
        ]
        number += len(items)
        early += gathered.add(encoded(items))
        taken = gathered.take(complete)
        assert {row.program_id for each in taken for row in each} <= complete
        assert gathered.take(complete) == []
        late += taken
    late += gathered.take_all()
    assert all(len(each) == full for each in early)
    assert all(0 < len(each) < full for each in late)
    assert sorted(row.position for each in early + late for row in each) == list(range(number))
    assert all(len({row.program_id for row in each}) == 1 for each in early + late)
    assert gathered.take_all() == []
