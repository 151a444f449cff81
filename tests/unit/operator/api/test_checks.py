"""A check that is written once: the controller and the API server must agree on each string."""

from __future__ import annotations

import re
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from program_user_info_operator.api.checks import Rule, Text, cel, cel_list

QUOTED = r"[a-z']+(\.[a-z]+)?"
WORD: TypeAdapter[str] = TypeAdapter(
    Annotated[str, Text(QUOTED, "a word", 5, rules=(Rule("self != ''", "must not be empty"),))]
)


def is_taken(text: str) -> bool:
    try:
        WORD.validate_python(text)
    except ValidationError as error:
        (found,) = error.errors()
        assert found["msg"] == "Value error, must be a word"
        return False
    return True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", True),
        ("it's", True),
        ("a.b", True),
        ("aaaaa", True),
        ("aaaaaa", False),
        ("", False),
        ("a.", False),
        # As a whole: neither in the middle of something else nor before a last line's end.
        (" a", False),
        ("a\n", False),
        ("A", False),
    ],
)
def test_a_text_must_match_as_a_whole_and_not_be_too_long(text: str, expected: bool) -> None:
    assert is_taken(text) is expected


def pattern_of_the_rule() -> str:
    """The pattern as CEL reads it out of the rule: without the backslashes of its string."""
    rule = WORD.json_schema()["x-kubernetes-validations"][0]["rule"]
    found = re.fullmatch(r"self\.matches\('(.*)'\)", rule)
    assert found is not None
    return re.sub(r"\\(.)", r"\1", found[1])


@given(st.text("ab'.", max_size=7))
def test_the_api_server_takes_what_the_controller_takes(text: str) -> None:
    schema = WORD.json_schema()
    by_rule = re.search(pattern_of_the_rule(), text) is not None
    assert is_taken(text) is (by_rule and len(text) <= schema["maxLength"])


def test_rules_for_the_api_server_alone_follow_the_pattern() -> None:
    messages = [each["message"] for each in WORD.json_schema()["x-kubernetes-validations"]]
    assert messages == ["must be a word", "must not be empty"]


def test_rules_are_told_in_their_order() -> None:
    assert cel(Rule("a", "m"), Rule("b", "n")) == {
        "x-kubernetes-validations": [
            {"rule": "a", "message": "m"},
            {"rule": "b", "message": "n"},
        ]
    }


@pytest.mark.parametrize(("words", "text"), [([], "[]"), (["a.b", "c"], "['a.b', 'c']")])
def test_words_are_a_list_of_cel(words: list[str], text: str) -> None:
    assert cel_list(words) == text
