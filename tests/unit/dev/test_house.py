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
# The modules that need no test file of their name, each with the reason.
WITHOUT_TESTS = {
    "operator/src/program_user_info_operator": {
        "__main__": "calls cli/main.py",
        "api/names": "constants",
        "api/refusal": "a dataclass without logic",
        "controller/process": "wires everything; tests/faults and tests/integration run it",
        "desired/owner": "a dataclass without logic",
        "desired/runtime": "a dataclass without logic",
        "reconcile/options": "a dataclass without logic",
    },
    "job/src/program_user_info_job": {
        "__main__": "calls cli/main.py",
        "pipeline/submit": "hands tested SQL and settings to Flink; tests/servers runs it on both",
    },
}


@pytest.mark.parametrize(
    "file", sorted(TESTS.rglob("*.py")), ids=lambda file: str(file.relative_to(TESTS))
)
def test_no_test_imports_another(file: Path) -> None:
    """What several of them need has a module of its own."""
    module = ast.parse(file.read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(module) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [getattr(node, "module", None) or "" for node in imports]
    names += [each.name for node in imports for each in node.names]
    assert [name for name in names if name.rpartition(".")[2].startswith("test_")] == []


@pytest.mark.parametrize(
    ("modules", "tests"),
    [
        ("operator/src/program_user_info_operator", "tests/unit/operator"),
        ("job/src/program_user_info_job", "tests/unit/job"),
    ],
)
def test_each_module_has_a_test_file_of_its_name(modules: str, tests: str) -> None:
    """Who changes a module finds its tests beside its name, and who writes one is asked for them.

    A module with nothing but a docstring, such as most `__init__.py`, has nothing to test.
    """
    allowed, missing = WITHOUT_TESTS.get(modules, {}), set()
    for file in (REPOSITORY / modules).rglob("*.py"):
        module = file.relative_to(REPOSITORY / modules).with_suffix("")
        test = REPOSITORY / tests / module.with_name(f"test_{module.name}.py")
        if len(ast.parse(file.read_text(encoding="utf-8")).body) > 1 and not test.exists():
            missing.add(module.as_posix())
    assert missing == set(allowed)


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
