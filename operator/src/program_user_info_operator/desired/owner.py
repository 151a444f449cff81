"""Whose the objects are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Owner:
    """The ProgramUserInfoJob that the objects belong to; `uid` is None where none exists yet."""

    name: str
    namespace: str
    uid: str | None
