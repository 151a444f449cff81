"""The lines that controller and job may log, and the page that tells what they mean."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.paths import REPOSITORY
from tests.documentation import CODE, OPERATOR, text_of

JOB = REPOSITORY / "job" / "src" / "program_user_info_job"
_LOG_LINE = re.compile(r"^\| `([^`]+)` \| (\w+) \| ([^|]*)\|", re.MULTILINE)


@pytest.mark.parametrize(
    ("section", "sources"), [("the controller", OPERATOR), ("a job", JOB)], ids=["operator", "job"]
)
def test_each_line_of_a_log_is_told_with_its_fields_and_no_other(
    section: str, sources: Path
) -> None:
    _, _, table = text_of("network-and-logs").partition(f"### Lines of {section}\n")
    told = {
        (message, level, *sorted(CODE.findall(named)))
        for message, level, named in _LOG_LINE.findall(re.split(r"^##", table, flags=re.M)[0])
    }
    assert told == set(_log_lines(sources))


def _log_lines(sources: Path) -> Iterator[tuple[str, ...]]:
    """Message, level and fields of each line that the code may log."""
    for file in sources.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            found = re.fullmatch(r"log\.(debug|info|warning|error|exception|critical)", called)
            if found and isinstance(node, ast.Call):
                level = found[1].replace("exception", "error")
                fields = sorted(str(each.arg) for each in node.keywords if each.arg != "exc_info")
                yield (ast.literal_eval(node.args[0]), level, *fields)
