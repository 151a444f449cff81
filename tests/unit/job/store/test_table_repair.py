"""`repair` on a table in memory: what it counts, what it writes, and where it continues."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from program_user_info_job.config.model import Config
from program_user_info_job.failure import StateFileUnusable
from program_user_info_job.row.layout import KEY, MAP, CqlType
from program_user_info_job.store import table_repair
from program_user_info_job.store.table_repair import Progress, repair
from program_user_info_job.store.table_scan import token_ranges
from tests.unit.job.written_table import configured

PLAIN = [name for name in MAP.columns if name not in KEY and MAP.columns[name] != CqlType.TEXT_MAP]
COLUMNS = [
    *MAP.columns,
    *(f"{what}_{name}" for what in ("writetime", "ttl") for name in PLAIN),
]
Stored = namedtuple("Stored", COLUMNS)  # type: ignore[misc]  # names that are computed
RANGES = token_ranges(256)
CONFIG = configured(cassandra={"layout": "map", "keyspace": "k", "table": "t"})


def row(user: str, **cells: Any) -> Any:
    return Stored(**dict.fromkeys(COLUMNS) | {"program_id": "p", "user_id": user} | cells)


CORRUPTED = row("corrupted", user_type="some(teacher)", writetime_user_type=1000)
CLEAN = row("clean", user_type="teacher", writetime_user_type=1000)


class Session:
    """Rows by the number of their range; keeps what is written."""

    def __init__(self, ranges: dict[int, list[Any]]) -> None:
        self._ranges = {RANGES[number]: rows for number, rows in ranges.items()}
        self.written: list[tuple[str, tuple[Any, ...]]] = []
        self.read: list[int] = []

    def prepare(self, cql: str) -> SimpleNamespace:
        return SimpleNamespace(cql=cql)

    def execute(self, select: Any, tokens: tuple[int, int], paging_state: object) -> Any:
        assert select.fetch_size == 1000
        self.read.append(RANGES.index(tokens))
        return SimpleNamespace(current_rows=self._ranges.get(tokens, []), paging_state=None)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    """A corrupted row in the first range, another one and a clean one in the third."""
    session = Session({0: [CORRUPTED], 2: [CLEAN, CORRUPTED]})
    serve(monkeypatch, session)
    return session


def serve(monkeypatch: pytest.MonkeyPatch, session: Session) -> None:
    @contextmanager
    def open_session(*_: object) -> Iterator[Session]:
        yield session

    def execute_concurrent(_: Session, writes: list[Any], concurrency: int) -> None:
        assert concurrency == 32
        session.written += [(statement.cql, values) for statement, values in writes]

    monkeypatch.setattr(table_repair, "open_session", open_session)
    monkeypatch.setattr(table_repair, "execute_concurrent", execute_concurrent)


@pytest.mark.parametrize(("apply", "writes"), [(False, 0), (True, 2)])
def test_corrupted_rows_are_counted_and_only_with_apply_rewritten(
    session: Session, apply: bool, writes: int
) -> None:
    shares: list[float] = []
    report = repair(CONFIG, apply=apply, progress=shares.append)
    assert (report.rows, report.corrupted, report.columns) == (3, 2, {"user_type": 2})
    assert len(session.written) == writes
    assert shares == [number / 256 for number in range(1, 257)]


@pytest.mark.parametrize(
    ("stored", "writes"),
    [
        # One microsecond newer than the newest of the row, be that a clean cell.
        (
            {
                "user_type": "some(teacher)",
                "writetime_user_type": 1000,
                "writetime_program_name": 2000,
            },
            [(["user_type"], (2001, 0, "teacher", "p", "u"))],
        ),
        # A cell keeps its time to live, one that has none keeps none.
        (
            {
                "user_type": "some(teacher)",
                "writetime_user_type": 1000,
                "ttl_user_type": 60,
                "organisation_id": "None",
                "writetime_organisation_id": 1000,
            },
            [
                (["organisation_id"], (1001, 0, None, "p", "u")),
                (["user_type"], (1001, 60, "teacher", "p", "u")),
            ],
        ),
        # A map does not tell its own: it gets the longest of its row.
        (
            {
                "user_locations": {"Some(state)_id": "Some(s)"},
                "user_type": "teacher",
                "writetime_user_type": 1000,
                "ttl_user_type": 60,
                "ttl_program_name": 90,
            },
            [(["user_locations"], (1001, 90, {"state_id": "s"}, "p", "u"))],
        ),
        # Columns of one time to live are one statement.
        (
            {"user_type": "some(teacher)", "organisation_id": "Some(o)", "ttl_user_type": None},
            [(["organisation_id", "user_type"], (1, 0, "o", "teacher", "p", "u"))],
        ),
    ],
)
def test_what_is_written(
    monkeypatch: pytest.MonkeyPatch,
    stored: dict[str, Any],
    writes: list[tuple[list[str], tuple[Any, ...]]],
) -> None:
    session = Session({7: [row("u", **stored)]})
    serve(monkeypatch, session)
    repair(CONFIG, apply=True)
    assert session.written == [(update(names), values) for names, values in writes]


def update(names: list[str]) -> str:
    assignments = ", ".join(f"{name} = ?" for name in names)
    where = "program_id = ? AND user_id = ?"
    return f"UPDATE k.t USING TIMESTAMP ? AND TTL ? SET {assignments} WHERE {where}"


class Interrupted(Exception):
    """Somebody has lost patience."""


def interrupted(state: Path, config: Config = CONFIG, *, apply: bool = True) -> None:
    """A run that ends after the second range."""

    def stop(share: float) -> None:
        if share == 2 / 256:
            raise Interrupted

    with pytest.raises(Interrupted):
        repair(config, apply=apply, state=state, progress=stop)


def test_an_interrupted_run_continues_and_leaves_no_file(session: Session, tmp_path: Path) -> None:
    state = tmp_path / "state"
    interrupted(state)
    begun = msgspec.json.decode(state.read_bytes(), type=Progress)
    assert begun == Progress("k.t", True, done=2, rows=1, corrupted=1, columns={"user_type": 1})
    session.read.clear()
    report = repair(CONFIG, apply=True, state=state)
    assert session.read == list(range(2, 256))
    assert (report.rows, report.corrupted, report.columns) == (3, 2, {"user_type": 2})
    assert len(session.written) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("config", "apply"),
    [
        (CONFIG, False),
        (configured(cassandra={"layout": "map", "keyspace": "k", "table": "u"}), True),
    ],
)
def test_what_another_run_has_begun_is_not_continued(
    session: Session, tmp_path: Path, config: Config, apply: bool
) -> None:
    state = tmp_path / "state"
    interrupted(state)
    session.read.clear()
    repair(config, apply=apply, state=state)
    assert session.read == list(range(256))


def test_a_file_of_something_else_is_left_as_it_is(session: Session, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("notes")
    with pytest.raises(StateFileUnusable, match=f"--state: {state}: not written by repair; "):
        repair(CONFIG, apply=True, state=state)
    assert state.read_text() == "notes"
    assert session.written == []
