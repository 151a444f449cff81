"""`schema`, `verify` and `repair`: what they print, and the status they end with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from program_user_info_job.cli.main import app
from program_user_info_job.config.model import Config
from program_user_info_job.failure import FailureReason, JobFailure, StateFileUnusable
from program_user_info_job.kafka.input_topics import TopicUnreadable
from program_user_info_job.store import schema_preparation, table_repair
from program_user_info_job.store.table_repair import Progress
from program_user_info_job.verification import comparison
from program_user_info_job.verification.comparison import Comparison, Difference
from tests.configuration import DOCUMENT, write

DOWN = JobFailure(FailureReason.CASSANDRA_UNREACHABLE, "cassandra.contactPoints: no answer")
BAR = "table"
"""What the line of the progress begins with."""


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(write(tmp_path / "config.yaml", DOCUMENT))


def run(command: str, file: str, *options: str) -> tuple[int, str, str]:
    """Status, output, and the last line for people."""
    result = CliRunner().invoke(app, [command, "--config", file, *options])
    said = [line for line in result.stderr.splitlines() if not line.startswith(BAR)]
    return result.exit_code, result.stdout, "\n".join(said)


def test_the_schema_is_printed(file: str) -> None:
    code, out, _ = run("schema", file)
    assert code == 0
    assert out.startswith("CREATE KEYSPACE IF NOT EXISTS sunbird_programs")
    assert "CREATE TABLE IF NOT EXISTS sunbird_programs.program_enrollment" in out
    assert out.count(";") == 2


def test_the_schema_is_created_only_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    asked: list[bool] = []

    def prepare_schema(_: Config, *, create: bool) -> None:
        asked.append(create)

    monkeypatch.setattr(schema_preparation, "prepare_schema", prepare_schema)
    run("schema", file)
    assert asked == []
    assert run("schema", file, "--apply") == (0, "", "")
    assert asked == [True]


FOUND = Comparison(
    7,
    {
        ("p", "v"): [Difference("(row)", "missing")],
        ("p", "u"): [Difference("b", "different"), Difference("a", "missing")],
    },
)


@pytest.mark.parametrize(
    ("found", "options", "status", "lines", "said"),
    [
        (Comparison(7), (), 0, [], "0 rows differ; the table has 7"),
        (
            Comparison(7, {("p", "u"): [Difference("a", "missing")]}),
            (),
            1,
            ["a missing 1"],
            "1 row differs; the table has 7",
        ),
        (
            FOUND,
            (),
            1,
            ["(row) missing 1", "a missing 1", "b different 1"],
            "2 rows differ; the table has 7",
        ),
        (
            FOUND,
            ("--show-keys",),
            1,
            [
                *("(row) missing 1", "a missing 1", "b different 1"),
                *("p u b different, a missing", "p v (row) missing"),
            ],
            "2 rows differ; the table has 7",
        ),
    ],
)
@pytest.mark.parametrize("against", [None, "other"])
def test_what_differs_is_counted_and_keys_are_shown_only_if_asked_for(
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    *,
    found: Comparison,
    options: tuple[str, ...],
    status: int,
    lines: list[str],
    said: str,
    against: str | None,
) -> None:
    def verify_topic(
        _: Config, state: Path | None, progress: Callable[[float], None]
    ) -> Comparison:
        assert (against, state) == (None, Path("state"))
        progress(1.0)
        return found

    def verify_tables(_: Config, other: str, progress: Callable[[float], None]) -> Comparison:
        assert against == other
        progress(1.0)
        return found

    monkeypatch.setattr(comparison, "verify_topic", verify_topic)
    monkeypatch.setattr(comparison, "verify_tables", verify_tables)
    chosen = ("--against", against) if against else ("--state", "state")
    out = "".join(f"{line}\n" for line in lines)
    assert run("verify", file, *chosen, *options) == (status, out, said)


@pytest.mark.parametrize(
    ("command", "step", "error", "status", "said"),
    [
        ("schema", (schema_preparation, "prepare_schema"), DOWN, 1, DOWN.message),
        ("verify", (comparison, "verify_topic"), DOWN, 2, str(DOWN)),
        ("verify", (comparison, "verify_topic"), TopicUnreadable("kafka.topic: no"), 2, ""),
        ("verify", (comparison, "verify_topic"), StateFileUnusable("--state: no"), 2, ""),
        ("repair", (table_repair, "repair"), DOWN, 1, DOWN.message),
        ("repair", (table_repair, "repair"), StateFileUnusable("--state: no"), 1, ""),
    ],
)
def test_a_failure_is_told_apart_from_a_difference(
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    *,
    command: str,
    step: tuple[Any, str],
    error: Exception,
    status: int,
    said: str,
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(*step, fails)
    options = ["--apply"] if command == "schema" else []
    assert run(command, file, *options) == (status, "", f"error: {said or error}")


@pytest.mark.parametrize(
    ("options", "told", "said"),
    [
        ((), (False, None), "2 of 9 rows corrupted; --apply rewrites them"),
        (("--apply",), (True, None), "2 of 9 rows rewritten"),
        (("--apply", "--state", "s"), (True, Path("s")), "2 of 9 rows rewritten"),
    ],
)
def test_corrupted_rows_are_counted_by_column(
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    options: tuple[str, ...],
    told: tuple[bool, Path | None],
    said: str,
) -> None:
    def repair(
        _: Config, *, apply: bool, state: Path | None, progress: Callable[[float], None]
    ) -> Progress:
        assert (apply, state) == told
        progress(0.5)
        return Progress("k.t", apply, 256, 9, 2, {"user_type": 2, "organisation_id": 1})

    monkeypatch.setattr(table_repair, "repair", repair)
    assert run("repair", file, *options) == (0, "organisation_id 1\nuser_type 2\n", said)
