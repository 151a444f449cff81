"""What the table must hold, on disk: it is what was taken in, and only what was kept is there."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.failure import StateFileUnusable
from program_user_info_job.row.event_to_row import Row
from program_user_info_job.row.fold import Folded
from program_user_info_job.row.layout import LAYOUTS
from program_user_info_job.verification.expected import Expected, open_expected
from tests.unit.job.prepared import VALUES
from tests.unit.job.written_table import configured

ROW = Row("p", "u", {"program_name": "n"}, 1)
FOLDED = Folded({"program_name": (1, "n")}, written=1)


@st.composite
def rows(draw: st.DrawFn, layout: str) -> Row:
    columns = list(LAYOUTS[layout].columns.items())[2:]
    cells = draw(
        st.fixed_dictionaries(
            {}, optional={name: st.none() | VALUES[kind] for name, kind in columns}
        )
    )
    key = draw(st.sampled_from(["p", "q"])), draw(st.sampled_from(["u", "é"]))
    stamp, deletion = draw(st.integers(-(2**62), 2**62)), draw(st.booleans())
    return Row(*key, {} if deletion else cells, stamp, deletion)


@given(st.data(), st.sampled_from(sorted(LAYOUTS)))
def test_the_fold_on_disk_is_the_one_in_memory(data: st.DataObject, layout: str) -> None:
    taken = data.draw(st.lists(st.tuples(rows(layout), st.booleans()), max_size=6))
    in_memory: dict[tuple[str, str], Folded] = {}
    with open_expected(None, configured(cassandra={"layout": layout})) as expected:
        for row, certain in taken:
            expected.add(row, certain=certain)
            folded = in_memory.setdefault((row.program_id, row.user_id), Folded())
            folded.add(row, LAYOUTS[layout].columns, certain=certain)
        assert sorted(expected.all_keys()) == sorted(in_memory)
        for key, folded in in_memory.items():
            found = expected.find(key)
            assert found is not None
            # The bytes know no tuples inside of a value, and a list equals no tuple.
            assert [each.values() for each in found.possible(2**63)] == [
                each.values() for each in folded.possible(2**63)
            ]
            assert found.exists == folded.exists


def test_nothing_is_known_of_another_key() -> None:
    with open_expected(None, configured()) as expected:
        expected.add(ROW, certain=True)
        assert expected.find(("p", "u")) == FOLDED
        assert expected.find(("u", "p")) is None


def test_rows_and_positions_are_kept_together_or_not_at_all(tmp_path: Path) -> None:
    file, config = tmp_path / "state", configured()
    with open_expected(file, config) as expected:
        expected.add(ROW, certain=True)
        expected.keep({("t", 0): 5})
        expected.add(Row("p", "lost", {}, 2), certain=True)
    with open_expected(file, config) as expected:
        assert list(expected.all_keys()) == [("p", "u")]
        assert (expected.position("t", 0), expected.position("t", 1)) == (5, 0)
        expected.keep({("t", 0): 7, ("t", 1): 1})
        assert (expected.position("t", 0), expected.position("t", 1)) == (7, 1)


def test_without_a_file_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_expected(None, configured()) as expected:
        expected.add(ROW, certain=True)
        expected.keep({("t", 0): 1})
    assert list(tmp_path.iterdir()) == []


def test_it_is_whole_until_records_were_gone_before_they_were_read() -> None:
    with open_expected(None, configured()) as expected:
        expected.check_topic("t", "1")
        assert expected.is_whole
        expected.note_trimmed("t")
        assert not expected.is_whole


@pytest.mark.parametrize(
    ("file", "what_to_do"), [(None, "start again"), ("state", "remove the state file")]
)
def test_a_topic_with_another_id_is_another_topic(
    tmp_path: Path, file: str | None, what_to_do: str
) -> None:
    with open_expected(tmp_path / file if file else None, configured()) as expected:
        expected.check_topic("t", "1")
        expected.check_topic("t", "1")
        expected.check_topic("more", "2")
        with pytest.raises(StateFileUnusable) as caught:
            expected.check_topic("t", "2")
    named = f"--state: {tmp_path / file}: " if file else ""
    assert str(caught.value) == (
        f"{named}topic t is another one than the one that was read before; {what_to_do}"
    )


@pytest.mark.parametrize(
    ("sections", "refused"),
    [
        ({"kafka": {"topic": "more"}}, True),
        ({"cassandra": {"layout": "map"}}, True),
        ({"writes": {"futureBound": 61}}, True),
        # Neither decides on what a row holds.
        ({"cassandra": {"table": "next"}}, False),
        ({"kafka": {"groupId": "next"}}, False),
        ({"writes": {"batchRows": 1}}, False),
    ],
)
def test_a_file_is_of_one_configuration(
    tmp_path: Path, sections: dict[str, Any], refused: bool
) -> None:
    file = tmp_path / "state"
    with open_expected(file, configured()) as expected:
        expected.keep({("t", 0): 1})
    if refused:
        with pytest.raises(StateFileUnusable, match="it was made with another configuration"):
            Expected(file, configured(**sections))
    else:
        Expected(file, configured(**sections)).close()


def test_the_topics_may_be_named_in_any_order(tmp_path: Path) -> None:
    file = tmp_path / "state"
    for topics in (["a", "b"], ["b", "a"]):
        with open_expected(file, configured(kafka={"additionalTopics": topics})) as expected:
            expected.keep({("t", 0): 1})


@pytest.mark.parametrize("has_file", [True, False])
def test_a_disk_that_cannot_be_written_is_told_with_what_to_name(
    tmp_path: Path, has_file: bool
) -> None:
    file = tmp_path / "state" if has_file else None
    with pytest.raises(StateFileUnusable) as caught, open_expected(file, configured()):
        raise sqlite3.OperationalError("disk is full")
    assert str(caught.value) == (
        f"--state: {file}: disk is full; name another file, in a folder that can be written"
        if has_file
        else "the folded topic cannot be kept (disk is full); name a file by --state"
    )
