"""What a run has left in the table and in the dead-letter topic, beside what it should have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cassandra.cluster import Session

from dev.cluster.demo.world import DeadLetter, each_row
from tests.bench.pipeline.events import Events, Place, digest


@dataclass(frozen=True)
class Outcome:
    """Rows that differ from the fold, and dead letters likewise; None: it keeps none."""

    rows: int
    letters: int | None

    @property
    def is_right(self) -> bool:
        """Whether nothing differs."""
        return self.rows == 0 and not self.letters

    def __str__(self) -> str:
        rows = "all rows" if self.rows == 0 else f"{self.rows:,} rows wrong"
        if self.letters is None:
            return f"{rows}, keeps no dead letters"
        letters = "all dead letters" if self.letters == 0 else f"{self.letters} dead letters wrong"
        return f"{rows}, {letters}"


def compare_outcome(
    events: Events, session: Session, table: str, letters: Sequence[DeadLetter] | None
) -> Outcome:
    """The table against the fold, and the dead letters against what must be rejected."""
    found = (digest(key, row) for key, row in each_row(session, table))
    wrong = None if letters is None else wrong_letters(events.rejected, letters)
    return Outcome(wrong_rows(events.rows, found), wrong)


def wrong_rows(expected: Mapping[int, int], found: Iterable[tuple[int, int]]) -> int:
    """How many rows are missing, too many, or different."""
    missing, wrong = len(expected), 0
    for key, row in found:
        if key in expected:
            missing -= 1
            wrong += expected[key] != row
        else:
            wrong += 1
    return missing + wrong


def wrong_letters(expected: Mapping[Place, str], found: Iterable[DeadLetter]) -> int:
    """How many dead letters are missing, or are of an event that is none, or say another reason."""
    missing, wrong = dict(expected), 0
    for letter in found:
        headers = letter.headers
        place = int(headers["source-partition"]), int(headers["source-offset"])
        if expected.get(place) == headers["reason"]:
            missing.pop(place, None)  # it may be there twice: at least once is the promise
        else:
            wrong += 1
    return len(missing) + wrong
