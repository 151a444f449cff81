"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from dev.paths import REPOSITORY

TESTS = REPOSITORY / "tests"


@pytest.mark.parametrize(
    "file", sorted(TESTS.rglob("*.py")), ids=lambda file: str(file.relative_to(TESTS))
)
def test_no_test_imports_another(file: Path) -> None:
    """What several of them need has a module of its own."""
    module = ast.parse(file.read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(module) if isinstance(node, ast.ImportFrom)]
    assert [name for name in imported if name.rpartition(".")[2].startswith("test_")] == []
