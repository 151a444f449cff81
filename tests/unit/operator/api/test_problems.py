"""One sentence for each field that is wrong: what is expected, what kind is there, and no value."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from program_user_info_operator.api.problems import path_of, problems
from tests.unit.operator.sections import refused


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("must be even; add one")
    return value


class Part(BaseModel):
    """A field for each kind of problem."""

    model_config = ConfigDict(extra="forbid", strict=True)
    flag: bool = False
    text: str = Field("aa", min_length=2, max_length=3)
    whole: Annotated[int, Field(gt=0, lt=9)] = 1
    share: Annotated[float, Field(ge=0, le=1)] = 0.5
    even: Annotated[int, AfterValidator(_even)] = 0
    choice: Literal["flat", "map"] = "flat"
    items: Annotated[list[int], Field(min_length=1, max_length=2)] = [1]
    words: dict[Annotated[str, Field(max_length=2)], int] = {}
    inner: Part | None = None


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"flag": "yes"}, "flag: must be true or false, not a string"),
        ({"text": 5}, "text: must be a string, not a number"),
        ({"text": None}, "text: must be a string, not null"),
        ({"text": "a"}, "text: must have at least 2 characters"),
        ({"text": "aaaa"}, "text: must have at most 3 characters"),
        ({"whole": True}, "whole: must be an integer, not a boolean"),
        ({"whole": 1.5}, "whole: must be an integer, not a number"),
        ({"whole": 0}, "whole: must be more than 0"),
        ({"whole": 9}, "whole: must be less than 9"),
        ({"share": "1"}, "share: must be a number, not a string"),
        ({"share": -0.5}, "share: must be at least 0.0"),
        ({"share": 1.5}, "share: must be at most 1.0"),
        ({"even": 3}, "even: must be even; add one"),
        ({"choice": "wide"}, "choice: must be 'flat' or 'map'"),
        ({"items": {}}, "items: must be a list, not a mapping"),
        ({"items": []}, "items: must have at least 1 entries"),
        ({"items": [1, 2, 3]}, "items: must have at most 2 entries"),
        ({"items": [1, "2"]}, "items[1]: must be an integer, not a string"),
        ({"words": []}, "words: must be a mapping, not a list"),
        ({"words": {"long": 1}}, "words.long: must have at most 2 characters"),
        ({"inner": 5}, "inner: must be a mapping, not a number"),
        ({"inner": {"flag": 1}}, "inner.flag: must be true or false, not a number"),
        ({"flga": True}, "flga: no such field; correct or remove it"),
    ],
)
def test_each_problem_is_a_path_and_a_sentence(fields: dict[str, Any], line: str) -> None:
    assert refused(Part, fields) == [line]


def test_each_problem_is_told() -> None:
    assert refused(Part, {"flag": 1, "whole": 0}) == [
        "flag: must be true or false, not a number",
        "whole: must be more than 0",
    ]


@given(st.text("qxyz", min_size=4, max_size=30))
def test_no_value_is_repeated(value: str) -> None:
    """It may be a password that stands in the wrong place."""
    lines = refused(Part, dict.fromkeys(Part.model_fields, value))
    assert len(lines) > 5
    assert value not in "\n".join(lines)


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ((), ""),
        (("kafka", "bootstrapServers", 0), "kafka.bootstrapServers[0]"),
        (("labels", "a b", "[key]"), "labels.a b"),
        ((0, "name"), "[0].name"),
    ],
)
def test_a_path_is_as_people_write_it(location: tuple[int | str, ...], path: str) -> None:
    assert path_of(location) == path


def test_the_details_come_along() -> None:
    with pytest.raises(ValidationError) as error:
        Part.model_validate({"whole": 0})
    ((_, _, details),) = problems(error.value)
    assert (details["type"], details["input"]) == ("greater_than", 0)
