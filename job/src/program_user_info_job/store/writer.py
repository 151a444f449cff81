"""The write stage's engine: rows in, and at the end of a call what became of each of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from cassandra.cluster import Session

from program_user_info_job.config.model import Cassandra, Writes
from program_user_info_job.event.rejection import Reason, Rejection
from program_user_info_job.store.batches import Statements, rows_of
from program_user_info_job.store.driver_errors import explain_refusal, refusal_code
from program_user_info_job.store.gathered_rows import GatheredRows
from program_user_info_job.store.in_flight import InFlight
from program_user_info_job.store.needed_rows import EncodedRow, Indexed

HELD_BYTES = 32 << 20
"""Bytes of events whose rows wait, unsent, for more of their programs."""


class Writer:
    """Writes rows of one table with bounded work in flight and bounded retries."""

    def __init__(self, session: Session, cassandra: Cassandra, writes: Writes) -> None:
        self._session = session
        self._cassandra = cassandra
        self._writes = writes
        self._statements = Statements(session, cassandra, writes)

    def begin(self) -> Writing:
        """The writes of one call."""
        return Writing(
            InFlight(self._session, self._cassandra, self._writes),
            self._statements,
            self._cassandra,
            GatheredRows(self._writes.batch_rows),
        )

    def write(self, rows: Iterable[Indexed]) -> dict[int, Rejection]:
        """Write all rows; see `Writing.finish`."""
        writing = self.begin()
        writing.add(rows, 0)
        return writing.finish()


class Writing:
    """The writes of one call: full requests are on their way while further rows are mapped.

    Each method may raise `WriteGaveUp` after `give_up_after` seconds without getting there, and
    `CassandraNotReady` where the server refuses whatever is written: a right, the table, the time
    to live.
    """

    def __init__(
        self,
        requests: InFlight,
        statements: Statements,
        cassandra: Cassandra,
        gathered: GatheredRows,
    ) -> None:
        self._requests = requests
        self._statements = statements
        self._cassandra = cassandra
        self._gathered = gathered
        self._held = 0

    def add(self, rows: Iterable[Indexed], size: int, complete: Iterable[str] = ()) -> None:
        """Take rows of events of `size` bytes in. Waits only where too many bytes are unsent.

        Of the `complete` programs no further rows are expected: theirs leave now.
        """
        self._send(self._gathered.add(map(self._statements.encoded, rows)))
        self._send(self._gathered.take(complete))
        self._held += size
        if self._held >= HELD_BYTES:
            self._send(self._gathered.take_all())
            self._requests.wait_until_sent()
            self._requests.allow_more_time()
            self._held = 0

    def finish(self) -> dict[int, Rejection]:
        """Return once each row is acknowledged or refused; the latter's rejections, by position.

        The position is that of the row's event.
        """
        self._requests.allow_more_time()
        self._send(self._gathered.take_all())
        refused = self._requests.wait_for_all()
        if not refused:
            return {}
        self._check_that_rows_are_taken()
        for each in refused:
            for row in rows_of(each.batch):
                self._requests.add(self._statements.batches([row]))
        return {
            row.position: Rejection(Reason.REFUSED_BY_CASSANDRA, refusal_code(each.error))
            for each in self._requests.wait_for_all()
            for row in rows_of(each.batch)
        }

    def _send(self, programs: Iterable[Sequence[EncodedRow]]) -> None:
        self._requests.add(itertools.chain.from_iterable(map(self._statements.batches, programs)))
        self._requests.advance()

    def _check_that_rows_are_taken(self) -> None:
        """Tell a refused row, which becomes a dead letter, from a server that takes no row at all.

        The probe writes a row and deletes it in one mutation, so that nobody ever sees it.
        """
        self._statements.prepare()  # raises where the table does not fit any more
        self._requests.add(iter([self._statements.probe()]))
        for each in self._requests.wait_for_all():
            raise explain_refusal(self._cassandra, each.error) from each.error
