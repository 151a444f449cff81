"""Why an event cannot become a row. Readers of the dead-letter topic rely on the reasons."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Machine-readable reason, sent as the dead letter's `reason` header."""

    INVALID_JSON = "INVALID_JSON"
    NOT_AN_OBJECT = "NOT_AN_OBJECT"
    PROGRAM_ID_MISSING = "PROGRAM_ID_MISSING"
    USER_ID_MISSING = "USER_ID_MISSING"
    USER_PROFILE_MISSING = "USER_PROFILE_MISSING"
    INVALID_FIELD = "INVALID_FIELD"
    TIMESTAMP_IN_FUTURE = "TIMESTAMP_IN_FUTURE"
    TOO_LARGE = "TOO_LARGE"
    REFUSED_BY_CASSANDRA = "REFUSED_BY_CASSANDRA"


class Rejection(NamedTuple):
    """An event's way to the dead-letter topic.

    `detail` names fields and kinds of values, never the values: they are personal data.
    """

    reason: Reason
    detail: str


class Rejected(Exception):
    """Raised inside the mapping; `record.process` turns it into a `Rejection`."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.rejection = Rejection(reason, detail)


def invalid_field(path: str, value: object, expected: str) -> Rejected:
    """The rejection of a value of the wrong kind, naming field, kind found and kind wanted."""
    return Rejected(Reason.INVALID_FIELD, f"{path}: {kind_of(value)} found, {expected} expected")


def kind_of(value: object) -> str:
    """The JSON kind of a decoded value, for messages that must not quote it."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a fraction"
        case str():
            return "a text"
        case list():
            return "an array"
        case _:
            return "an object"
