"""One call of the write stage without Flink: events in, rows on their way, rejections out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from program_user_info_job.event.rejection import Rejection
from program_user_info_job.pipeline.program_order import Record, in_parts
from program_user_info_job.record import process
from program_user_info_job.row.event_to_row import Origin, Rules
from program_user_info_job.store.needed_rows import Indexed
from program_user_info_job.store.writer import Writing


class Call:
    """Maps events part by part; the rows of one part are on their way while the next is mapped."""

    def __init__(self, rules: Rules, now: int, writing: Writing) -> None:
        self._rules, self._now, self._writing = rules, now, writing
        self._row_times: dict[int, int] = {}
        self.rejections: dict[int, Rejection] = {}
        self.events = self.size = 0

    def write(self, records: Iterable[Record]) -> dict[int, Rejection]:
        """Map and write; return once each row is acknowledged: the rejections by position."""
        for part in in_parts(records):
            size = sum(len(payload or b"") for _, (payload, _, _) in part.records)
            self._writing.add(self._rows(part.records), size, part.complete)
            self.events += len(part.records)
            self.size += size
        self.rejections |= self._writing.finish()
        return self.rejections

    def newest_row(self) -> int:
        """The newest write timestamp of what is written, in microseconds; 0: nothing is."""
        written = (each for index, each in self._row_times.items() if index not in self.rejections)
        return max(written, default=0)

    def _rows(self, records: Iterable[tuple[int, Record]]) -> Iterator[Indexed]:
        """One at a time: a row is encoded before the next one is made, while it is in the cache."""
        for index, (payload, offset, moment) in records:
            outcome = process(payload, Origin(offset, moment), self._rules, self._now)
            if isinstance(outcome, Rejection):
                self.rejections[index] = outcome
            else:
                self._row_times[index] = outcome.write_timestamp
                yield Indexed(index, outcome)
