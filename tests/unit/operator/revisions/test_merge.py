"""The three-way merge of documents."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.revisions.merge import carried_over


@pytest.mark.parametrize(
    ("before", "own", "after", "merged"),
    [
        ({"a": 1}, {"a": 1, "n": 2}, {"a": 3}, {"a": 3, "n": 2}),
        ({"a": 1}, {"a": 2}, {"a": 1}, {"a": 2}),
        ({"a": 1, "b": 1}, {"a": 1, "b": 1}, {"a": 1}, {"a": 1}),
        ({"a": 1}, {"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ([1], [1, 2], [3], [3]),
        (
            [{"name": "a", "x": 1}],
            [{"name": "a", "x": 1}, {"name": "own"}],
            [{"name": "a", "x": 2}, {"name": "new"}],
            [{"name": "a", "x": 2}, {"name": "own"}, {"name": "new"}],
        ),
        (
            [{"name": "v", "mountPath": "/a"}],
            [{"name": "v", "mountPath": "/own"}, {"name": "v", "mountPath": "/a"}],
            [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}],
            [
                {"name": "v", "mountPath": "/own"},
                {"name": "v", "mountPath": "/a"},
                {"name": "v", "mountPath": "/b"},
            ],
        ),
        ("a", "b", "c", "c"),
        (None, {"a": 1}, None, {"a": 1}),
    ],
)
def test_what_changed_between_two_is_changed_in_the_third(
    before: Any, own: Any, after: Any, merged: Any
) -> None:
    assert carried_over(before, own, after) == merged
