"""Checks that are stated once and enforced twice: by the API server (CEL) and by the controller."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema


@dataclass(frozen=True)
class Rule:
    """A CEL rule over `self` and the sentence that a user reads when it does not hold."""

    cel: str
    message: str

    def schema(self) -> dict[str, str]:
        """As an entry of `x-kubernetes-validations`."""
        return {"rule": self.cel, "message": self.message}


def text(pattern: str, expected: str, *, max_length: int, rules: tuple[Rule, ...] = ()) -> Any:
    """A string type that must match `pattern` as a whole; `expected` says what would be right."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if len(value) > max_length or compiled.fullmatch(value) is None:
            raise ValueError(f"must be {expected}")
        return value

    cel = f"self.matches('^(?:{_quote(pattern)})$')"
    validations = [Rule(cel, f"must be {expected}"), *rules]
    schema = {
        "type": "string",
        "maxLength": max_length,
        "x-kubernetes-validations": [rule.schema() for rule in validations],
    }
    return Annotated[str, AfterValidator(check), WithJsonSchema(schema)]


def free_form(description: str) -> Any:
    """A field that takes any object, kept as it is."""
    return Field(
        default_factory=dict,
        description=description,
        json_schema_extra={"x-kubernetes-preserve-unknown-fields": True},
    )


def _quote(pattern: str) -> str:
    return pattern.replace("\\", "\\\\").replace("'", "\\'")
