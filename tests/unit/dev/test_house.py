"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from dev.paths import REPOSITORY

TESTS = REPOSITORY / "tests"
CODE = ("operator/src", "job/src", "dev", "tests")
LONGEST = 300


@pytest.mark.parametrize(
    "file", sorted(TESTS.rglob("*.py")), ids=lambda file: str(file.relative_to(TESTS))
)
def test_no_test_imports_another(file: Path) -> None:
    """What several of them need has a module of its own."""
    module = ast.parse(file.read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(module) if isinstance(node, ast.ImportFrom)]
    assert [name for name in imported if name.rpartition(".")[2].startswith("test_")] == []


def test_no_file_is_long() -> None:
    """One that has grown too long is cut along its meaning."""
    files = (file for folder in CODE for file in (REPOSITORY / folder).rglob("*.py"))
    lengths = {
        str(file.relative_to(REPOSITORY)): len(file.read_text(encoding="utf-8").splitlines())
        for file in files
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_each_path_of_the_map_is_there() -> None:
    """The map is for those who do not know the code: nobody else notices a path that is wrong."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    place = ""
    for path in re.findall(r"`([\w./…]+/[\w./…]+)`", "\n".join(rows)):
        if "/src/" in path:
            place = "/".join(path.split("/")[:3])
        assert (REPOSITORY / path.replace("…", place)).exists(), path
