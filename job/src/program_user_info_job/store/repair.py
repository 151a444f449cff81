"""Find the rows that the Scala job spoilt, and rewrite them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cassandra.cluster import NoHostAvailable, Session
from cassandra.query import PreparedStatement, SimpleStatement

from program_user_info_job.config.model import Config
from program_user_info_job.row.layout import KEY, LAYOUTS, CqlType
from program_user_info_job.row.repair import Cells, repaired
from program_user_info_job.store.bootstrap import SchemaNotReady
from program_user_info_job.store.session import explain_no_host, open_session

_PAGE = 1000


@dataclass
class Report:
    """How many rows there are, how many are spoilt, and in which columns."""

    rows: int = 0
    spoilt: int = 0
    columns: Counter[str] = field(default_factory=Counter)


def repair(config: Config, *, apply: bool) -> Report:
    """Look at every row; with `apply`, rewrite what is spoilt.

    A rewritten cell is one microsecond newer than the newest of its row, so that any later event
    wins over it, and keeps its row's time to live. Raises `SchemaNotReady` without a connection.
    """
    report = Report()
    try:
        with open_session(config.cassandra, config.writes.request_timeout) as session:
            rewrite = _Rewrite(session, f"{config.cassandra.keyspace}.{config.cassandra.table}")
            for row in _rows(session, config):
                report.rows += 1
                changes = repaired(row)
                if changes:
                    report.spoilt += 1
                    report.columns.update(changes.keys())
                    if apply:
                        rewrite(row, changes)
    except NoHostAvailable as error:
        raise SchemaNotReady(*explain_no_host(config.cassandra, error)) from error
    return report


class _Rewrite:
    """One statement for each set of columns, prepared once."""

    def __init__(self, session: Session, table: str) -> None:
        self._session, self._table = session, table
        self._prepared: dict[tuple[str, ...], PreparedStatement] = {}

    def __call__(self, row: Cells, changes: Cells) -> None:
        columns = tuple(sorted(changes))
        if columns not in self._prepared:
            assignments = ", ".join(f"{column} = ?" for column in columns)
            condition = " AND ".join(f"{column} = ?" for column in KEY)
            self._prepared[columns] = self._session.prepare(
                f"UPDATE {self._table} USING TIMESTAMP ? AND TTL ?"
                f" SET {assignments} WHERE {condition}"
            )
        newest = max(_known(row, "writetime_"), default=0)
        remaining = max(_known(row, "ttl_"), default=0)
        values = [changes[column] for column in columns]
        key = [row[column] for column in KEY]
        self._session.execute(self._prepared[columns], [newest + 1, remaining, *values, *key])


def _rows(session: Session, config: Config) -> Iterator[Cells]:
    """Every row, page by page, with the age and the remaining time of its plain cells."""
    columns = LAYOUTS[config.cassandra.layout].columns
    plain = [name for name in columns if name not in KEY and columns[name] != CqlType.TEXT_MAP]
    facts = [f"{what}({name}) AS {what}_{name}" for what in ("writetime", "ttl") for name in plain]
    table = f"{config.cassandra.keyspace}.{config.cassandra.table}"
    query = f"SELECT {', '.join([*columns, *facts])} FROM {table}"
    for row in session.execute(SimpleStatement(query, fetch_size=_PAGE)):
        yield row._asdict()


def _known(row: Cells, prefix: str) -> Iterator[Any]:
    return (value for name, value in row.items() if name.startswith(prefix) and value is not None)
