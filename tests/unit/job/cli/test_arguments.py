"""What the commands share: the configuration they read, and how they tell a failure."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from program_user_info_job.cli.main import app


def run(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, arguments, input=stdin)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("command", ["schema", "produce", "replay"])
def test_a_wrong_configuration_ends_a_command_with_one_message(
    tmp_path: Path, command: str
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("environment: dev")
    code, _, err = run(command, "--config", str(file))
    assert code == 2
    assert "missing required field `kafka`" in err
