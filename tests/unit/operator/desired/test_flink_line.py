"""Lines of Flink: their order, their names, and what differs between generations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_operator.desired.flink_line import (
    StateOptions,
    dotted,
    generation,
    newest_first,
    savepoint_directory,
    state_options,
    tag_suffix,
)

OLD = StateOptions("state.checkpoints.dir", "state.savepoints.dir")
NEW = StateOptions("execution.checkpointing.dir", "execution.checkpointing.savepoint-dir")


@pytest.mark.parametrize(
    ("line", "number", "text", "suffix", "options"),
    [
        ("v1_9", 1, "1.9", "-flink1.9", OLD),
        ("v1_20", 1, "1.20", "-flink1.20", OLD),
        ("v2_0", 2, "2.0", "-flink2.0", NEW),
        ("v2_10", 2, "2.10", "-flink2.10", NEW),
        ("v10_1", 10, "10.1", "-flink10.1", NEW),
    ],
)
def test_what_a_line_tells(
    line: str, number: int, text: str, suffix: str, options: StateOptions
) -> None:
    assert generation(line) == number
    assert dotted(line) == text
    assert tag_suffix(line) == suffix
    assert state_options(line) == options


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 30)), max_size=6, unique=True))
def test_lines_are_ordered_by_their_numbers_and_not_by_their_letters(
    numbers: list[tuple[int, int]],
) -> None:
    lines = [f"v{major}_{minor}" for major, minor in numbers]
    newest = sorted(numbers, reverse=True)
    assert newest_first(lines) == [f"v{major}_{minor}" for major, minor in newest]


@pytest.mark.parametrize(
    ("options", "directory"),
    [
        ({}, None),
        ({OLD.savepoints: "s3://old"}, "s3://old"),
        ({NEW.savepoints: "s3://new"}, "s3://new"),
        ({OLD.savepoints: "s3://old", NEW.savepoints: "s3://new"}, "s3://new"),
        ({OLD.checkpoints: "s3://c", NEW.checkpoints: "s3://c"}, None),
    ],
)
def test_savepoints_go_where_either_generations_option_says(
    options: dict[str, str], directory: str | None
) -> None:
    assert savepoint_directory(options) == directory
