"""A log that is read in several connections: each line once, whatever times they have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_operator.cli.log_lines import LogLines


def read(*connections: list[str]) -> tuple[list[str], str]:
    """What is shown of the connections' lines, and where the next one would begin."""
    lines, shown = LogLines(), []
    for connection in connections:
        lines.connected()
        shown += [text for text in map(lines.text, connection) if text is not None]
    return shown, lines.since


def stamped(second: int, text: str, fraction: str = "") -> str:
    return f"2026-01-01T00:00:{second:02}{fraction}Z {text}\n"


def test_a_line_is_shown_without_its_time() -> None:
    shown, since = read([stamped(1, "one two")])
    assert (shown, since) == (["one two\n"], "2026-01-01T00:00:01Z")


def test_before_the_first_line_there_is_no_time_to_ask_from() -> None:
    assert read([]) == ([], "")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("2026-01-01T00:00:01Z ended\n", "ended\n"),
        # A connection that breaks in the middle of a line.
        ("2026-01-01T00:00:01Z ended", "ended"),
        ("2026-01-01T00:00:01Z \n", "\n"),
        # Without a time: the kubelet's own words, which are shown as they are.
        ("failed to watch\n", "failed to watch\n"),
        ("failed to watch", "failed to watch\n"),
        ("2026-13-01T00:00:01Z no month\n", "2026-13-01T00:00:01Z no month\n"),
        ("2026-01-01 00:00:01 no stamp\n", "2026-01-01 00:00:01 no stamp\n"),
    ],
)
def test_how_a_line_is_shown(line: str, text: str) -> None:
    assert read([line])[0] == [text]


def test_times_are_compared_to_the_nanosecond_and_by_what_they_mean() -> None:
    first = ["2026-01-01T01:00:00.5+01:00 a\n"]
    again = ["2026-01-01T00:00:00.500000000Z a\n", "2026-01-01T00:00:00.500000001Z b\n"]
    assert read(first, again) == (["a\n", "b\n"], "2026-01-01T00:00:00.500000001Z")


def test_of_lines_of_one_time_those_are_shown_that_were_not() -> None:
    same = [stamped(1, text) for text in ("a", "b", "c")]
    assert read(same[:2], same)[0] == ["a\n", "b\n", "c\n"]


@given(
    st.lists(st.integers(0, 3), max_size=12).map(sorted),
    st.lists(st.integers(0, 12), max_size=4),
)
def test_however_often_the_connection_breaks_each_line_is_shown_once(
    seconds: list[int], ends: list[int]
) -> None:
    """A new connection sends the lines from the second on that it is asked for."""
    log = [stamped(second, str(number)) for number, second in enumerate(seconds)]
    lines, shown = LogLines(), list[str]()
    for end in [*ends, len(log)]:
        lines.connected()
        sent = [line for line in log if line.split()[0] >= lines.since]
        known = len(log) - len(sent)
        shown += [text for text in map(lines.text, sent[: max(0, end - known)]) if text is not None]
    assert shown == [f"{number}\n" for number in range(len(log))]
