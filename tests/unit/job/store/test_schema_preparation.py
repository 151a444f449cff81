"""What is created of keyspace and table, and what is said of a table that does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from program_user_info_job.failure import FailureReason
from program_user_info_job.row.layout import LAYOUTS
from program_user_info_job.store import schema_preparation
from program_user_info_job.store.driver_errors import CassandraNotReady
from program_user_info_job.store.schema_preparation import prepare_schema
from tests.unit.job.written_table import configured

Columns = dict[str, str]


class Session:
    """A server with or without the keyspace, and with the table if it has columns."""

    def __init__(self, keyspace: str | None, columns: Columns) -> None:
        self._keyspace, self._columns = keyspace, columns
        self.created: list[str] = []

    def execute(self, query: str, values: tuple[str, ...] = ()) -> Any:
        if query.startswith("SELECT keyspace_name"):
            found = SimpleNamespace() if values == (self._keyspace,) else None
            return SimpleNamespace(one=lambda: found)
        if query.startswith("SELECT column_name"):
            is_there = values[0] == self._keyspace
            return [
                SimpleNamespace(column_name=name, type=kind)
                for name, kind in self._columns.items()
                if is_there
            ]
        words = query.split()
        assert words[2:5] == ["IF", "NOT", "EXISTS"]
        self.created.append(f"{words[1].lower()} {words[5]}")
        self._keyspace = words[5].partition(".")[0].lower()
        if words[1] == "TABLE":
            lines = (line.split(maxsplit=1) for line in query.splitlines()[1:-2])
            self._columns = {name: kind.rstrip(",") for name, kind in lines}
        return None


Prepare = Callable[..., list[str]]


@pytest.fixture
def prepare(monkeypatch: pytest.MonkeyPatch) -> Prepare:
    """What is created on a server with this keyspace and this table."""

    def run(
        keyspace: str | None, columns: Columns, /, *, create: bool = True, **cassandra: Any
    ) -> list[str]:
        session = Session(keyspace, columns)

        @contextmanager
        def open_session(*_: object) -> Iterator[Session]:
            yield session

        monkeypatch.setattr(schema_preparation, "open_session", open_session)
        prepare_schema(
            configured(cassandra={"keyspace": "k", "table": "t"} | cassandra), create=create
        )
        return session.created

    return run


def columns(layout: str = "flat", **changes: str | None) -> Columns:
    """Those of a layout, with these changes; None: the column is missing."""
    found = LAYOUTS[layout].columns | changes
    return {name: str(kind) for name, kind in found.items() if kind is not None}


@pytest.mark.parametrize(
    ("keyspace", "table", "created"),
    [
        (None, {}, ["keyspace k", "table k.t"]),
        # Who may create tables in a keyspace need not be allowed to create keyspaces.
        ("k", {}, ["table k.t"]),
        ("k", columns(), []),
    ],
)
def test_what_is_missing_is_created_and_nothing_else(
    prepare: Prepare, keyspace: str | None, table: Columns, created: list[str]
) -> None:
    assert prepare(keyspace, table) == created


@pytest.mark.parametrize("layout", ["flat", "map"])
def test_what_is_created_fits(prepare: Prepare, layout: str) -> None:
    assert prepare(None, {}, layout=layout) == ["keyspace k", "table k.t"]


def test_names_without_quotes_are_looked_up_as_the_server_has_them(prepare: Prepare) -> None:
    assert prepare("mixed", columns(), keyspace="MiXed", table="T") == []


def test_a_table_that_is_missing_is_asked_for_where_the_job_may_not_create_it(
    prepare: Prepare,
) -> None:
    with pytest.raises(CassandraNotReady) as caught:
        prepare("k", {}, create=False)
    assert caught.value.reason is FailureReason.SCHEMA_MISMATCH
    assert caught.value.message == (
        "k.t does not exist; create it (`program-user-info-job schema` prints its CQL), or set"
        " cassandra.schema.manage to true"
    )


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    ("table", "problems"),
    [
        (columns(user_type=None), ["column user_type text is missing"]),
        (columns(user_type="int"), ["column user_type is int, text is needed"]),
        (
            columns(block_id=None, created_at="date"),
            ["column block_id text is missing", "column created_at is date, timestamp is needed"],
        ),
    ],
)
def test_a_table_that_does_not_fit_is_left_as_it_is_and_described(
    prepare: Prepare, table: Columns, problems: list[str], create: bool
) -> None:
    with pytest.raises(CassandraNotReady) as caught:
        prepare("k", table, create=create)
    assert caught.value.message == (
        f"k.t does not fit layout flat: {'; '.join(problems)}. Alter the table, set"
        " cassandra.layout, or name another cassandra.table"
    )


def test_a_column_more_is_nobodys_business(prepare: Prepare) -> None:
    assert prepare("k", columns() | {"note": "text"}) == []
