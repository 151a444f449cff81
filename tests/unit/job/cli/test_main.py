"""The command line as a whole: which commands there are, and what `run` hands on."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from program_user_info_job.cli.main import app
from program_user_info_job.failure import FailureReason, JobFailure
from program_user_info_job.pipeline import start

HEAVY = ("cassandra", "confluent_kafka", "pandas", "py4j", "pyarrow", "pyflink")


def test_each_command_is_there_with_a_sentence() -> None:
    commands = {
        command.name or (command.callback.__name__ if command.callback else ""): command.callback
        for command in app.registered_commands
    }
    assert list(commands) == [
        *("flatten", "run", "schema", "produce", "replay", "dead-letters", "verify", "repair")
    ]
    assert all(callback is not None and callback.__doc__ for callback in commands.values())


def test_the_version_is_printed() -> None:
    result = CliRunner().invoke(app, ["--version"])
    version = importlib.metadata.version("program-user-info-job")
    assert (result.exit_code, result.stdout) == (0, f"program-user-info-job {version}\n")


def test_no_command_loads_a_client_before_it_needs_it() -> None:
    """Their imports take seconds, which `--help` and `flatten` are to be spared."""
    code = f"""
import sys
import program_user_info_job.cli.main
print([name for name in {HEAVY} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


Started = list[tuple[Path, Path | None, bool]]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """What the start was told; it says a line."""
    calls: Started = []

    def stand_in(file: Path, jars: Path | None, say: Callable[[str], None], *, wait: bool) -> None:
        calls.append((file, jars, wait))
        say("waiting")

    monkeypatch.setattr(start, "start", stand_in)
    return calls


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), (Path("c.yaml"), None, True)),
        (("--jars", "/jars"), (Path("c.yaml"), Path("/jars"), True)),
        (("--no-wait",), (Path("c.yaml"), None, False)),
    ],
)
def test_run_hands_its_options_on_and_speaks_on_standard_error(
    started: Started, options: tuple[str, ...], told: tuple[Path, Path | None, bool]
) -> None:
    result = CliRunner().invoke(app, ["run", "--config", "c.yaml", *options])
    assert started == [told]
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "waiting\n")


def test_a_failure_of_run_is_told_by_the_line_that_the_controller_looks_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failure = JobFailure(FailureReason.SCHEMA_MISMATCH, "alter the table")

    def fails(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(start, "start", fails)
    result = CliRunner().invoke(app, ["run", "--config", "c.yaml"])
    assert (result.exit_code, result.stderr) == (1, f"error: {failure.line()}\n")
