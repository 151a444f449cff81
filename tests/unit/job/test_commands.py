"""`flatten` and `schema`, and how every command reports bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from program_user_info_job.cli.main import app
from tests.configuration import DOCUMENT
from tests.conftest import DATA


def run(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, arguments, input=stdin)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("layout", ["flat", "map"])
def test_the_documents_sample_events(layout: str) -> None:
    code, out, _ = run("flatten", "--layout", layout, str(DATA / "seed-events.jsonl"))
    expected = (DATA / f"seed-rows-{layout}.jsonl").read_text(encoding="utf-8").splitlines()
    assert code == 0
    assert [json.loads(line) for line in out.splitlines()] == list(map(json.loads, expected))


def test_rejections_are_printed_line_by_line() -> None:
    code, out, _ = run("flatten", stdin=b'{"programId": 5}\n\n{"programId":"p"\r\n')
    assert code == 0
    lines = [json.loads(line)["rejected"] for line in out.splitlines()]
    assert [line["reason"] for line in lines] == ["USER_ID_MISSING", "INVALID_JSON", "INVALID_JSON"]
    assert all(line["detail"] for line in lines)


def test_without_updated_at_the_clock_is_the_write_timestamp() -> None:
    _, out, _ = run("flatten", "-", stdin=b'{"programId":1,"userId":2,"userProfile":{}}\n')
    assert json.loads(out)["row"] == {
        "program_id": "1",
        "user_id": "2",
        "pii_consent_required": False,
    }
    assert json.loads(out)["write_timestamp"] > 1_700_000_000_000_000


def test_flatten_refuses_an_unknown_layout_and_a_missing_file() -> None:
    assert run("flatten", "--layout", "wide")[0] == 2
    code, _, err = run("flatten", "/none")
    assert code == 2
    assert "/none: No such file" in err


def test_the_schema_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(DOCUMENT))
    code, out, _ = run("schema", "--config", str(file))
    assert code == 0
    assert out.startswith("CREATE KEYSPACE IF NOT EXISTS sunbird_programs")
    assert "CREATE TABLE IF NOT EXISTS sunbird_programs.program_enrollment" in out


@pytest.mark.parametrize("command", ["schema", "produce", "replay"])
def test_a_wrong_configuration_ends_a_command_with_one_message(
    tmp_path: Path, command: str
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("environment: dev")
    code, _, err = run(command, "--config", str(file))
    assert code == 2
    assert "missing required field `kafka`" in err
