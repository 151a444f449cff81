"""The commands about the table: what they print, and the status they end with."""

from __future__ import annotations

from pathlib import Path

import yaml
from typer.testing import CliRunner

from program_user_info_job.cli.main import app
from tests.configuration import DOCUMENT


def run(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, arguments, input=stdin)
    return result.exit_code, result.stdout, result.stderr


def test_the_schema_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(DOCUMENT))
    code, out, _ = run("schema", "--config", str(file))
    assert code == 0
    assert out.startswith("CREATE KEYSPACE IF NOT EXISTS sunbird_programs")
    assert "CREATE TABLE IF NOT EXISTS sunbird_programs.program_enrollment" in out
