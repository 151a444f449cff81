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

# Lines of the files that are longer, and why. A number may only go down.
LONG = {
    # Stories over one chart, one topic, one controller: what they share is what makes them long.
    "tests/integration/test_chart.py": 320,
    "tests/servers/test_topics.py": 418,
    "tests/unit/operator/test_reconcile.py": 365,
    "tests/unit/operator/test_rollouts.py": 640,
    "tests/unit/operator/test_upgrades.py": 481,
    # A table of cases for each rule of docs/mapping.md.
    "tests/unit/job/test_mapping.py": 351,
    # A model of the API server and the Flink operator, behind one class.
    "tests/unit/operator/world.py": 391,
}


@pytest.mark.parametrize(
    "file", sorted(TESTS.rglob("*.py")), ids=lambda file: str(file.relative_to(TESTS))
)
def test_no_test_imports_another(file: Path) -> None:
    """What several of them need has a module of its own."""
    module = ast.parse(file.read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(module) if isinstance(node, ast.ImportFrom)]
    assert [name for name in imported if name.rpartition(".")[2].startswith("test_")] == []


def test_no_file_is_long_but_those_that_are_listed() -> None:
    """A file that has grown too long is cut in two; one that has shrunk leaves the list."""
    files = (file for folder in CODE for file in (REPOSITORY / folder).rglob("*.py"))
    lengths = {
        str(file.relative_to(REPOSITORY)): len(file.read_text(encoding="utf-8").splitlines())
        for file in files
    }
    too_long = {
        name: length for name, length in lengths.items() if length > LONG.get(name, LONGEST)
    }
    assert too_long == {}
    assert [name for name in LONG if lengths.get(name, 0) <= LONGEST] == []


def test_each_path_of_the_map_is_there() -> None:
    """The map is for those who do not know the code: nobody else notices a path that is wrong."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    place = ""
    for path in re.findall(r"`([\w./…]+/[\w./…]+)`", "\n".join(rows)):
        if "/src/" in path:
            place = "/".join(path.split("/")[:3])
        assert (REPOSITORY / path.replace("…", place)).exists(), path
