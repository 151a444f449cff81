"""What the sections of the resource have in common: strict, immutable, in camel case."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from program_user_info_operator.api.section import Nonce, SecretReference, Section
from tests.unit.operator.sections import refused


class Part(Section):
    """A field of two words, and a default that its own check refuses: a bug that shows at once."""

    two_words: int = 1
    below_ten: int = Field(20, lt=10)


def test_fields_are_named_in_camel_case_and_no_other_name_is_taken() -> None:
    assert Part.model_validate({"twoWords": 5, "belowTen": 1}).two_words == 5
    assert refused(Part, {"two_words": 5, "belowTen": 1}) == [
        "two_words: no such field; correct or remove it"
    ]


def test_a_default_is_checked_like_any_value() -> None:
    assert refused(Part, {}) == ["below_ten: must be less than 10"]


@pytest.mark.parametrize("value", ["5", 5.0, True])
def test_no_value_is_taken_for_one_of_another_kind(value: Any) -> None:
    assert refused(Part, {"twoWords": value, "belowTen": 1}) != []


def test_a_section_does_not_change() -> None:
    section = SecretReference.model_validate({"secretName": "a"})
    with pytest.raises(ValidationError, match="frozen"):
        section.secret_name = "b"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ({"secretName": "tls.example-1"}, []),
        (
            {"secretName": "Tls"},
            ["secretName: must be the name of a Secret in the job's namespace"],
        ),
        ({"secretName": "-a"}, ["secretName: must be the name of a Secret in the job's namespace"]),
        (
            {"name": "a"},
            ["secretName: Field required", "name: no such field; correct or remove it"],
        ),
    ],
)
def test_a_secret_is_named_as_kubernetes_names_it(given: Any, lines: list[str]) -> None:
    assert refused(SecretReference, given) == lines


@pytest.mark.parametrize(("value", "is_taken"), [(0, True), (2**53, True), (2**53 + 1, False)])
def test_a_nonce_is_a_number_that_json_keeps(value: int, is_taken: bool) -> None:
    adapter: TypeAdapter[int] = TypeAdapter(Nonce)
    try:
        assert adapter.validate_python(value) == value
    except ValidationError:
        assert not is_taken
    else:
        assert is_taken
