"""What is wrong with a field, as one sentence: field, what is expected, what is there instead.

Values are not repeated: some of them are nobody's business.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "float_type": "a number",
    "int_from_float": "an integer",
    "int_type": "an integer",
    "list_type": "a list",
    "model_type": "a mapping",
    "string_type": "a string",
}
_BOUNDS = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least {min_length} entries",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "finite_number": "must be a finite number",
    "literal_error": "must be {expected}",
    "extra_forbidden": "no such field; correct or remove it",
}


def problems(error: ValidationError) -> list[tuple[str, str, ErrorDetails]]:
    """Dotted path, sentence about it, and pydantic's own details, for each thing that is wrong."""
    return [
        (path_of(each["loc"]), _sentence(each), each) for each in error.errors(include_url=False)
    ]


def path_of(location: tuple[int | str, ...]) -> str:
    """`kafka.bootstrapServers[0]`, as people write it."""
    path = ""
    for part in location:
        # pydantic's way of saying that the key is meant, which is the part before.
        if part == "[key]":
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _sentence(each: ErrorDetails) -> str:
    if each["type"] in _EXPECTED:
        return f"must be {_EXPECTED[each['type']]}, not {_kind(each['input'])}"
    if each["type"] in _BOUNDS:
        return _BOUNDS[each["type"]].format(**each.get("ctx", {}))
    return each["msg"].removeprefix("Value error, ")


def _kind(value: Any) -> str:
    kinds: list[tuple[type, str]] = [
        (bool, "a boolean"),
        (int, "a number"),
        (float, "a number"),
        (str, "a string"),
        (dict, "a mapping"),
        (list, "a list"),
    ]
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")
