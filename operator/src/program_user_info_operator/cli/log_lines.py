"""The lines of a container's log that is read in several connections: each line once."""

from __future__ import annotations

import re
from datetime import datetime

_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")
_NANOSECOND_DIGITS = 9
Moment = tuple[datetime, str]


class LogLines:
    """Takes what `kubectl logs --timestamps` prints.

    CRI-O gives all lines of one read the same time, so a time alone does not tell a line from the
    one before. `since` is the time from which the next connection has to ask, empty before the
    first line.
    """

    def __init__(self) -> None:
        self.since = ""
        self._newest: Moment | None = None
        self._shown = 0  # lines of the newest time
        self._resumed_at: Moment | None = None
        self._skipped = 0

    def connected(self) -> None:
        """A connection begins, with lines that an earlier one may have shown."""
        self._resumed_at = self._newest
        self._skipped = 0

    def text(self, line: str) -> str | None:
        """What the line says, with its end; None if it was shown before.

        A line without a time is the kubelet's own, and always new.
        """
        word, _, text = line.rstrip("\n").partition(" ")
        moment = _moment(word)
        if moment is None:
            return line.rstrip("\n") + "\n"
        if self._was_shown(moment):
            return None
        self._resumed_at = None
        if self._newest is None or moment > self._newest:
            self._newest, self._shown, self.since = moment, 0, word
        self._shown += moment == self._newest
        return f"{text}\n" if line.endswith("\n") else text

    def _was_shown(self, moment: Moment) -> bool:
        if self._resumed_at is None or moment > self._resumed_at:
            return False
        if moment < self._resumed_at:
            return True
        self._skipped += 1
        return self._skipped <= self._shown


def _moment(word: str) -> Moment | None:
    """A time of RFC 3339, comparable to the nanosecond; None if the word is none."""
    found = _STAMP.fullmatch(word)
    if found is None:
        return None
    try:
        second = datetime.fromisoformat(found[1] + found[3])
    except ValueError:
        return None
    return second, (found[2] or "").ljust(_NANOSECOND_DIGITS, "0")
