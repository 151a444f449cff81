"""Read a whole table, or some rows of it, through time-outs and restarts of nodes."""

from __future__ import annotations

import calendar
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from cassandra import OperationTimedOut, RequestExecutionException
from cassandra.cluster import NoHostAvailable, Session
from cassandra.query import PreparedStatement

from program_user_info_job.config.model import Cassandra
from program_user_info_job.row.layout import KEY, LAYOUTS, CqlType

_PASSING = (OperationTimedOut, RequestExecutionException, NoHostAvailable)
_ATTEMPTS = 8
_RANGES = 32
_PAGE = 500

IN_RANGE = f"token({KEY[0]}) >= ? AND token({KEY[0]}) <= ?"
"""A condition with the first and the last token of a range."""

Cells = dict[str, Any]
Result = TypeVar("Result")


class TableReader:
    """Rows of one table, each a dict of all columns; a value as `row.fold.as_stored` has it."""

    def __init__(self, session: Session, cassandra: Cassandra, table: str) -> None:
        self._session = session
        self._columns = LAYOUTS[cassandra.layout].columns
        select = f"SELECT {', '.join(self._columns)} FROM {cassandra.keyspace}.{table}"
        self._by_token = session.prepare(f"{select} WHERE {IN_RANGE}")
        self._by_token.fetch_size = _PAGE
        self._by_key = session.prepare(
            f"{select} WHERE {' AND '.join(f'{name} = ?' for name in KEY)}"
        )

    def scan(self, done: Callable[[float], None] = lambda _: None) -> Iterator[Cells]:
        """Every row, one range of tokens after another; `done` is told the share that is read."""
        for number, tokens in enumerate(token_ranges(_RANGES), 1):
            for page in pages(self._session, self._by_token, tokens):
                yield from map(self._read, page)
            done(number / _RANGES)

    def find(self, key: tuple[str, str]) -> Cells | None:
        """One row, or None."""
        rows = patiently(lambda: list(self._session.execute(self._by_key, key)))
        return self._read(rows[0]) if rows else None

    def _read(self, row: Any) -> Cells:
        return {name: _plain(getattr(row, name), kind) for name, kind in self._columns.items()}


def token_ranges(count: int) -> list[tuple[int, int]]:
    """All tokens in ranges of one size, each by its first and last; `count` is a power of two."""
    size = 2**64 // count
    firsts = range(-(2**63), 2**63, size)
    return [(first, first + size - 1) for first in firsts]


def pages(
    session: Session, select: PreparedStatement, tokens: tuple[int, int]
) -> Iterator[list[Any]]:
    """What a statement with the condition `IN_RANGE` finds, page by page."""
    state = None
    while True:
        page = patiently(partial(session.execute, select, tokens, paging_state=state))
        yield list(page.current_rows)
        state = page.paging_state
        if state is None:
            return


def patiently(step: Callable[[], Result]) -> Result:
    """What `step` returns, tried again with back-off where the servers are slow or away."""
    for attempt in range(_ATTEMPTS - 1):
        try:
            return step()
        except _PASSING:
            time.sleep(min(0.2 * 2.0**attempt, 10.0) * random.uniform(0.5, 1.0))
    return step()


def _plain(value: Any, kind: CqlType) -> Any:
    if value is None:
        return None
    match kind:
        case CqlType.TIMESTAMP:
            return calendar.timegm(value.utctimetuple()) * 1000 + value.microsecond // 1000
        case CqlType.DATE:
            return value.days_from_epoch
        case CqlType.TEXT_MAP:
            return [list(item) for item in sorted(value.items())]
        case _:
            return value
