"""Find the rows that the Scala job corrupted, and rewrite them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from cassandra.cluster import Session
from cassandra.concurrent import execute_concurrent
from cassandra.query import PreparedStatement

from program_user_info_job.config.model import Config
from program_user_info_job.failure import NAME_ANOTHER, StateFileUnusable
from program_user_info_job.row.layout import KEY, LAYOUTS, CqlType
from program_user_info_job.row.repair import Cells, repaired
from program_user_info_job.store.driver_errors import explained
from program_user_info_job.store.session import open_session
from program_user_info_job.store.table_scan import IN_RANGE, pages, patiently, token_ranges

_RANGES = 256
_PAGE = 1000
_AT_ONCE = 32
"""Rows that are written at the same time: few, because the job writes to the same servers."""


class Progress(msgspec.Struct):
    """How many rows there are, how many are corrupted, and in which columns.

    `table`, `apply` and `done`, the ranges of tokens that are finished, tell a later run where to
    continue.
    """

    table: str
    apply: bool
    done: int = 0
    rows: int = 0
    corrupted: int = 0
    columns: dict[str, int] = {}


def repair(
    config: Config,
    *,
    apply: bool,
    state: Path | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Progress:
    """Look at every row, range by range of tokens; with `apply`, rewrite what is corrupted.

    A rewritten cell is one microsecond newer than the newest of its row, so that any later event
    wins over it. It keeps its time to live; a map, which does not tell its own, gets the longest
    of its row. `state` is a file by which an interrupted run continues; it is gone after a whole
    one. `progress` is told the share that is done. Raises `StateFileUnusable`, and
    `CassandraNotReady` without a connection.
    """
    table = f"{config.cassandra.keyspace}.{config.cassandra.table}"
    report = _begun(state, Progress(table, apply))
    with (
        open_session(config.cassandra, config.writes.request_timeout) as session,
        explained(config.cassandra),
    ):
        rewrite = _Rewrite(session, table)
        select = _select(session, config)
        _keep(state, report)
        for tokens in token_ranges(_RANGES)[report.done :]:
            for page in pages(session, select, tokens):
                found = [(row, repaired(row)) for row in (each._asdict() for each in page)]
                corrupted = [(row, changes) for row, changes in found if changes]
                report.rows += len(page)
                report.corrupted += len(corrupted)
                for _, changes in corrupted:
                    for column in changes:
                        report.columns[column] = report.columns.get(column, 0) + 1
                if apply and corrupted:
                    rewrite(corrupted)
            report.done += 1
            _keep(state, report)
            progress(report.done / _RANGES)
    if state is not None:
        state.unlink(missing_ok=True)
    return report


def _begun(state: Path | None, new: Progress) -> Progress:
    """What an interrupted run of the same kind has left, else the new one."""
    if state is None:
        return new
    with _usable(state):
        if not state.exists():
            return new
        found = msgspec.json.decode(state.read_bytes(), type=Progress)
    return found if (found.table, found.apply) == (new.table, new.apply) else new


def _keep(state: Path | None, report: Progress) -> None:
    if state is not None:
        partial_file = state.with_name(f"{state.name}.partial")
        with _usable(state):
            partial_file.write_bytes(msgspec.json.encode(report))
            partial_file.replace(state)


@contextmanager
def _usable(state: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise StateFileUnusable(f"--state: {state}: {why}; {NAME_ANOTHER}") from error
    except msgspec.DecodeError as error:
        raise StateFileUnusable(
            f"--state: {state}: not written by repair; {NAME_ANOTHER}"
        ) from error


class _Rewrite:
    """One statement for each set of columns, prepared once."""

    def __init__(self, session: Session, table: str) -> None:
        self._session, self._table = session, table
        self._prepared: dict[tuple[str, ...], PreparedStatement] = {}

    def __call__(self, rows: Iterable[tuple[Cells, Cells]]) -> None:
        """Write the changes of each row. Writing the same again changes nothing, not its time."""
        writes = [write for row, changes in rows for write in self._writes(row, changes)]
        patiently(partial(execute_concurrent, self._session, writes, concurrency=_AT_ONCE))

    def _writes(
        self, row: Cells, changes: Cells
    ) -> Iterator[tuple[PreparedStatement, tuple[Any, ...]]]:
        newest = max(_known(row, "writetime_"), default=0)
        longest = max(_known(row, "ttl_"), default=0)
        by_ttl: defaultdict[int, list[str]] = defaultdict(list)
        for column in sorted(changes):
            # A map's own is not to be had; a plain cell without one never expires.
            by_ttl[(row.get(f"ttl_{column}", longest)) or 0].append(column)
        for ttl, columns in by_ttl.items():
            values = [changes[column] for column in columns]
            key = [row[column] for column in KEY]
            yield self._statement(tuple(columns)), (newest + 1, ttl, *values, *key)

    def _statement(self, columns: tuple[str, ...]) -> PreparedStatement:
        if columns not in self._prepared:
            assignments = ", ".join(f"{column} = ?" for column in columns)
            condition = " AND ".join(f"{column} = ?" for column in KEY)
            self._prepared[columns] = self._session.prepare(
                f"UPDATE {self._table} USING TIMESTAMP ? AND TTL ?"
                f" SET {assignments} WHERE {condition}"
            )
        return self._prepared[columns]


def _select(session: Session, config: Config) -> PreparedStatement:
    """Rows of a range of tokens, with the age and the remaining time of their plain cells."""
    columns = LAYOUTS[config.cassandra.layout].columns
    plain = [name for name in columns if name not in KEY and columns[name] != CqlType.TEXT_MAP]
    facts = [f"{what}({name}) AS {what}_{name}" for what in ("writetime", "ttl") for name in plain]
    table = f"{config.cassandra.keyspace}.{config.cassandra.table}"
    select = session.prepare(
        f"SELECT {', '.join([*columns, *facts])} FROM {table} WHERE {IN_RANGE}"
    )
    select.fetch_size = _PAGE
    return select


def _known(row: Cells, prefix: str) -> Iterator[Any]:
    return (value for name, value in row.items() if name.startswith(prefix) and value is not None)
