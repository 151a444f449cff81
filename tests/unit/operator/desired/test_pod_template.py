"""The pods: what is mounted, and how a user's template is merged over it."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.desired.pod_template import merge


def test_named_lists_merge_by_name() -> None:
    base = {"c": [{"name": "a", "x": 1}, {"name": "b"}], "l": [1]}
    over = {"c": [{"name": "a", "y": 2}, {"name": "n"}], "l": [2], "m": 3}
    assert merge(base, over) == {
        "c": [{"name": "a", "x": 1, "y": 2}, {"name": "b"}, {"name": "n"}],
        "l": [2],
        "m": 3,
    }


@pytest.mark.parametrize("other", [[{"x": 1}], [1], {"name": "a"}, None])
def test_a_list_is_not_merged_with_what_has_no_names(other: Any) -> None:
    named = [{"name": "a"}]
    assert merge(named, other) == other
    assert merge(other, named) == named
