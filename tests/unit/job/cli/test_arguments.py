"""What the commands share: the configuration they read, and how they tell a failure."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from program_user_info_job.cli.arguments import fail, load, open_events, say
from program_user_info_job.cli.main import app
from tests.configuration import DOCUMENT, config, write


@pytest.mark.parametrize("status", [1, 2])
def test_a_failure_is_one_line_and_a_status(
    capsys: pytest.CaptureFixture[str], status: int
) -> None:
    with pytest.raises(typer.Exit) as caught:
        fail("what to do", status)
    assert caught.value.exit_code == status
    assert capsys.readouterr() == ("", "error: what to do\n")


def test_programs_read_standard_output_and_people_the_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say("a line")
    assert capsys.readouterr() == ("", "a line\n")


def test_the_configuration_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("program_user_info_job.cli.arguments.configure_logging", lambda: None)
    assert load(write(tmp_path / "config.yaml", DOCUMENT)) == config()


@pytest.mark.parametrize("command", ["schema", "produce", "replay", "dead-letters", "verify"])
def test_a_wrong_configuration_ends_a_command_with_one_message(
    tmp_path: Path, command: str
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("environment: dev")
    result = CliRunner().invoke(app, [command, "--config", str(file)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"error: {file}: Object missing required field `kafka`\n"


@pytest.mark.parametrize("file", [None, Path("-")])
def test_events_come_from_standard_input_where_no_file_is_named(
    monkeypatch: pytest.MonkeyPatch, file: Path | None
) -> None:
    source = io.BytesIO(b"{}\n")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=source))
    assert open_events(file) is source


def test_events_come_from_the_file_that_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events"
    file.write_bytes(b"\xff\r\n{}")
    with open_events(file) as lines:
        assert list(lines) == [b"\xff\r\n", b"{}"]
    file.unlink()
    with pytest.raises(typer.Exit) as caught:
        open_events(file)
    assert caught.value.exit_code == 2
    assert capsys.readouterr().err == f"error: {file}: No such file or directory\n"
