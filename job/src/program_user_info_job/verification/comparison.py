"""Compare the table with what the topic says it must hold, or with another table."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from program_user_info_job.config.model import Config
from program_user_info_job.row.fold import Folded
from program_user_info_job.row.layout import KEY
from program_user_info_job.store.driver_errors import explained
from program_user_info_job.store.session import open_session
from program_user_info_job.store.table_scan import Cells, TableReader
from program_user_info_job.verification.expected import Key, open_expected
from program_user_info_job.verification.topic_fold import TopicFold

_ROUNDS = 3
_SETTLED = 3.0
"""Seconds: an event that has just been sent is a row by then."""
_ROW = "(row)"


class Difference(NamedTuple):
    """A column of one row, and how it differs: missing, unexpected or different. No value."""

    column: str
    kind: str


@dataclass
class Comparison:
    """The differences of each row that has some; `rows` is how many rows the table has."""

    rows: int = 0
    by_row: dict[Key, list[Difference]] = field(default_factory=dict)

    def note(self, key: Key, found: Iterable[Difference]) -> None:
        """What differs in a row now."""
        differences = list(found)
        if differences:
            self.by_row[key] = differences
        else:
            self.by_row.pop(key, None)

    def counts(self) -> Counter[Difference]:
        """How often there is each difference."""
        return Counter(each for found in self.by_row.values() for each in found)


def verify_topic(
    config: Config, state: Path | None, progress: Callable[[float], None]
) -> Comparison:
    """Fold the topics and compare; what differs is looked at again once more has been read.

    So events that arrive meanwhile, or that the job has not written yet, do not count.
    Raises `TopicUnreadable`, `StateFileUnusable`, `CassandraNotReady`.
    """
    expires = bool(config.cassandra.ttl)
    with (
        open_expected(state, config) as expected,
        closing(TopicFold(config, expected)) as topic,
        open_session(config.cassandra, config.writes.request_timeout) as session,
        explained(config.cassandra),
    ):
        topic.catch_up()
        table = TableReader(session, config.cassandra, config.cassandra.table)
        comparison = Comparison()
        seen = set()
        for row in table.scan(progress):
            comparison.rows += 1
            key = _key(row)
            seen.add(hash(key))
            comparison.note(key, _differences(topic.possible(key), row, expected.is_whole))
        for key in expected.all_keys():
            if hash(key) not in seen:
                comparison.note(key, _differences(topic.possible(key), None, expected.is_whole))
        _drop_expired(comparison, expires)
        for _ in range(_ROUNDS):
            topic.catch_up()
            for key in list(comparison.by_row):
                found = _differences(topic.possible(key), table.find(key), expected.is_whole)
                comparison.note(key, found)
            _drop_expired(comparison, expires)
            if not comparison.by_row:
                break
            time.sleep(_SETTLED)
    return comparison


def verify_tables(config: Config, against: str, progress: Callable[[float], None]) -> Comparison:
    """Compare the table with another one of the same layout and keyspace.

    Raises `CassandraNotReady`.
    """
    with (
        open_session(config.cassandra, config.writes.request_timeout) as session,
        explained(config.cassandra),
    ):
        table = TableReader(session, config.cassandra, config.cassandra.table)
        other = TableReader(session, config.cassandra, against)
        comparison = Comparison()
        for row in table.scan(lambda share: progress(share / 2)):
            comparison.rows += 1
            twin = other.find(_key(row))
            comparison.note(_key(row), _compare([_cells(twin)], row))
        for row in other.scan(lambda share: progress((1 + share) / 2)):
            if table.find(_key(row)) is None:
                comparison.by_row[_key(row)] = [Difference(_ROW, "missing")]
    return comparison


def _differences(possible: list[Folded], row: Cells | None, is_whole: bool) -> Iterator[Difference]:
    """A row that the topic does not know is a difference only where the topic is whole."""
    expected = [each.values() if each.exists else None for each in possible] or [None]
    if is_whole or any(each is not None for each in expected):
        yield from _compare(expected, row)


def _compare(expected: list[Cells | None], row: Cells | None) -> Iterator[Difference]:
    """How a row differs from all that is expected of it; None means that there is no row."""
    known = [each for each in expected if each is not None]
    if row is None:
        if len(known) == len(expected):
            yield Difference(_ROW, "missing")
        return
    if not known:
        yield Difference(_ROW, "unexpected")
    for name in dict.fromkeys(name for each in known for name in each):
        values = [(each or {}).get(name) for each in expected]
        found = row[name]
        if found not in values:
            yield Difference(name, _kind(found, values))


def _kind(found: Any, values: list[Any]) -> str:
    if found is None:
        return "missing"
    return "different" if any(value is not None for value in values) else "unexpected"


def _cells(row: Cells | None) -> Cells | None:
    return None if row is None else {name: row[name] for name in row if name not in KEY}


def _key(row: Cells) -> Key:
    program, user = (row[name] for name in KEY)
    return program, user


def _drop_expired(comparison: Comparison, expires: bool) -> None:
    """Where cells expire, one that is missing may have done so."""
    if expires:
        for key, found in list(comparison.by_row.items()):
            comparison.note(key, (each for each in found if each.kind != "missing"))
