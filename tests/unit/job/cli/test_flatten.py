"""`flatten`: a line for each event."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from program_user_info_job.cli.main import app
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
