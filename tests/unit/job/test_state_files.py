"""`--state` of `repair` and `verify`: a file that cannot be used is named, and nothing else is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from program_user_info_job.cli.main import app
from program_user_info_job.store import table_repair
from program_user_info_job.verification import comparison
from program_user_info_job.verification.expected import Expected
from tests.configuration import DOCUMENT, write
from tests.unit.job.broker import Broker

Run = Callable[[str, Path], tuple[int, str]]


class Session:
    """Prepares whatever it is given; the table is empty."""

    def prepare(self, _: str) -> SimpleNamespace:
        return SimpleNamespace()

    def execute(self, *_: object, paging_state: object = None) -> SimpleNamespace:
        return SimpleNamespace(current_rows=[], paging_state=None)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command with this state file; its status and its last words."""

    @contextmanager
    def open_session(*_: object) -> Iterator[Session]:
        yield Session()

    broker = Broker()
    broker.create("t")
    broker.serve(monkeypatch)
    monkeypatch.setattr(comparison, "open_session", open_session)
    monkeypatch.setattr(table_repair, "open_session", open_session)
    file = write(tmp_path / "config.yaml", DOCUMENT)

    def invoke(command: str, state: Path) -> tuple[int, str]:
        arguments = [command, "--config", str(file), "--state", str(state)]
        result = CliRunner().invoke(app, arguments)
        return result.exit_code, result.stderr.splitlines()[-1]

    return invoke


COMMANDS = pytest.mark.parametrize(("command", "status"), [("repair", 1), ("verify", 2)])


@COMMANDS
def test_a_folder_that_is_not_there(run: Run, tmp_path: Path, command: str, status: int) -> None:
    state = tmp_path / "none" / "state"
    code, said = run(command, state)
    assert code == status
    assert said.startswith(f"error: --state: {state}: ")
    assert "name another file, in a folder that can be written" in said
    assert "Secret" not in said


@COMMANDS
def test_a_file_of_something_else(run: Run, tmp_path: Path, command: str, status: int) -> None:
    state = tmp_path / "state"
    state.write_text("somebody's notes, and they are longer than a header\n" * 20)
    code, said = run(command, state)
    assert code == status
    assert said.startswith(f"error: --state: {state}: ")
    assert "somebody's notes" not in said
    assert state.read_text().startswith("somebody's notes")


def test_a_disk_that_gets_full(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Expected, "keep", fail)
    state = tmp_path / "state"
    code, said = run("verify", state)
    assert code == 2
    assert said.startswith(f"error: --state: {state}: database or disk is full; ")


@pytest.mark.parametrize("command", ["repair", "verify"])
def test_a_file_that_can_be_written(run: Run, tmp_path: Path, command: str) -> None:
    assert run(command, tmp_path / "state")[0] == 0
