"""JSON of any depth that a document may have, in both directions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_operator.json_text import read_json, write_json

_LEAVES = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)
_DOCUMENTS = st.recursive(_LEAVES, lambda each: st.lists(each) | st.dictionaries(st.text(), each))


def nested(levels: int) -> Any:
    document: Any = 1
    for _ in range(levels):
        document = {"a": document}
    return document


@given(_DOCUMENTS)
def test_what_is_written_is_read_as_pythons_own_reads_it(document: Any) -> None:
    text = write_json(document)
    assert read_json(text) == json.loads(text)
    assert read_json(json.dumps(document)) == document


@pytest.mark.parametrize("levels", [1, 199, 200, 300, 600])
def test_a_document_may_be_nested_deeper_than_the_fast_parser_takes(levels: int) -> None:
    document = nested(levels)
    assert read_json(write_json(document)) == document


@pytest.mark.parametrize("text", ["", "{", b"no", "{'a': 1}"])
def test_what_is_no_json_is_an_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the parsers say it in their own words
        read_json(text)
