"""Whether the watches tell what is: their events against what a list of the objects says.

A watch that is silent for want of news is fine; one that has missed a version for longer than a
grace period is not, however alive its process or its connection may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Place = tuple[str, str]


class Freshness:
    """The versions that one watch has delivered, and those that it owes."""

    def __init__(self) -> None:
        self._delivered: dict[Place, str] = {}
        self._suspects: dict[Place, str | None] = {}
        self._behind: tuple[Place, ...] = ()

    @property
    def behind(self) -> tuple[Place, ...]:
        """Objects whose present version the watch has had time to deliver, and has not."""
        return self._behind

    def delivered(self, metadata: Mapping[str, Any], *, is_deleted: bool) -> None:
        """The watch has delivered an object."""
        place = (metadata.get("namespace", ""), metadata["name"])
        if is_deleted:
            self._delivered.pop(place, None)
        else:
            self._delivered[place] = metadata["resourceVersion"]

    def suspect(self, listed: Iterable[Mapping[str, Any]]) -> bool:
        """Compare with a list of all objects' metadata; whether anything differs.

        What differs now may be under way: `confirm` tells after the grace period.
        """
        live = {
            (each.get("namespace", ""), each["name"]): each["resourceVersion"] for each in listed
        }
        self._suspects = {
            place: self._delivered.get(place)
            for place in live.keys() | self._delivered.keys()
            if live.get(place) != self._delivered.get(place)
        }
        return bool(self._suspects)

    def confirm(self) -> tuple[Place, ...]:
        """What differed, and of which nothing has been delivered since."""
        self._behind = tuple(
            sorted(
                place
                for place, known in self._suspects.items()
                if self._delivered.get(place) == known
            )
        )
        self._suspects = {}
        return self._behind
