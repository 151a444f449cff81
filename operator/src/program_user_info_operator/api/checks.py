"""Checks that are written once and enforced twice: by the API server (CEL) and the controller."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema


@dataclass(frozen=True)
class Rule:
    """A CEL rule over `self`, and the message that a user gets if it does not hold."""

    cel: str
    message: str


@dataclass(frozen=True)
class Text:
    """Annotates a string that must match `pattern` as a whole; `expected` says what is right.

    `rules` are for the API server alone: they are about what only it knows.
    """

    pattern: str
    expected: str
    max_length: int
    rules: tuple[Rule, ...] = ()

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, _: core_schema.CoreSchema, __: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        rule = Rule(f"self.matches('^(?:{_quote(self.pattern)})$')", f"must be {self.expected}")
        return {"type": "string", "maxLength": self.max_length, **cel(rule, *self.rules)}

    def _check(self, value: str) -> str:
        if len(value) > self.max_length or re.fullmatch(self.pattern, value) is None:
            raise ValueError(f"must be {self.expected}")
        return value


def cel(*rules: Rule) -> dict[str, Any]:
    """The rules as a schema's `x-kubernetes-validations`."""
    return {
        "x-kubernetes-validations": [{"rule": rule.cel, "message": rule.message} for rule in rules]
    }


def _quote(pattern: str) -> str:
    return pattern.replace("\\", "\\\\").replace("'", "\\'")


def cel_list(words: Iterable[str]) -> str:
    """These words as CEL writes a list of them."""
    quoted = ", ".join(f"'{word}'" for word in words)
    return f"[{quoted}]"
