"""Hashes of what is rendered: equal content, equal hash, whatever order it was written in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_operator.hashing import short_hash

VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
DOCUMENTS = st.dictionaries(
    st.text("abc", min_size=1, max_size=2), VALUES | st.dictionaries(st.sampled_from("xy"), VALUES)
)


@given(DOCUMENTS)
def test_the_order_of_keys_makes_no_difference(document: dict[str, Any]) -> None:
    turned = {
        key: dict(reversed(value.items())) if isinstance(value, dict) else value
        for key, value in reversed(document.items())
    }
    assert short_hash(turned) == short_hash(document)


@given(DOCUMENTS, DOCUMENTS)
def test_other_content_is_another_hash(one: dict[str, Any], other: dict[str, Any]) -> None:
    if one != other:
        assert short_hash(one) != short_hash(other)


@pytest.mark.parametrize("content", [{}, "", "text", {"a": [1, {"b": None}]}])
def test_a_hash_is_ten_hexadecimal_digits(content: dict[str, Any] | str) -> None:
    assert re.fullmatch("[0-9a-f]{10}", short_hash(content))


def test_a_hash_stays_what_it_was_in_earlier_releases() -> None:
    """Names of ConfigMaps and revisions are made of them: another one would restart each job."""
    assert short_hash("a: 1\n") == "37b128c59f"
    assert short_hash({"b": 1, "a": "é"}) == short_hash('{"a": "\\u00e9", "b": 1}')
