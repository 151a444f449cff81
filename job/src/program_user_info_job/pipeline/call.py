"""One call of the write stage without Flink: events in, rows on their way, rejections out."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from program_user_info_job.event.rejection import Rejection
from program_user_info_job.record import process
from program_user_info_job.row.convert import Origin, Rules
from program_user_info_job.store.needed_rows import Indexed
from program_user_info_job.store.writer import Writing

_MAPPED_AT_ONCE = 500
"""Events that are mapped before the answers that have come are taken in."""
Record = tuple[bytes | None, int, int]
"""Payload, offset, and time in milliseconds."""


class Call:
    """Maps events part by part; the rows of one part are on their way while the next is mapped."""

    def __init__(self, rules: Rules, now: int, writing: Writing) -> None:
        self._rules, self._now, self._writing = rules, now, writing
        self._row_times: dict[int, int] = {}
        self.rejections: dict[int, Rejection] = {}
        self.events = self.size = 0

    def write(self, records: Iterable[Record]) -> dict[int, Rejection]:
        """Map and write; return once each row is acknowledged: the rejections by position."""
        remaining = iter(records)
        while part := list(itertools.islice(remaining, _MAPPED_AT_ONCE)):
            self._add(part)
        self.rejections |= self._writing.finish()
        return self.rejections

    def newest_row(self) -> int:
        """The newest write timestamp of what is written, in microseconds; 0: nothing is."""
        written = (each for index, each in self._row_times.items() if index not in self.rejections)
        return max(written, default=0)

    def _add(self, records: Sequence[Record]) -> None:
        rows: list[Indexed] = []
        size = 0
        for index, (payload, offset, moment) in enumerate(records, self.events):
            size += len(payload or b"")
            outcome = process(payload, Origin(offset, moment), self._rules, self._now)
            if isinstance(outcome, Rejection):
                self.rejections[index] = outcome
            else:
                rows.append(Indexed(index, outcome))
                self._row_times[index] = outcome.write_timestamp
        self.events += len(records)
        self.size += size
        self._writing.add(rows, size)
