"""The rules of the house about the job's tests, which no linter knows."""

from __future__ import annotations

from dev.paths import REPOSITORY

SOURCE = REPOSITORY / "job/src/program_user_info_job"
TESTS = REPOSITORY / "tests/unit/job"
WITHOUT_A_TEST = {
    "__main__.py": "calls the command line, which cli/main.py is",
    "pipeline/submit.py": "hands tested SQL and settings to Flink: tests/servers, on both of its"
    " generations",
}
"""Modules without a test file of their name, and why. The `__init__.py` of a package holds
its text alone."""


def test_each_module_of_the_job_has_a_test_file_of_its_name() -> None:
    """Who changes a module knows which tests are about it, and where to add one."""
    modules = {file.relative_to(SOURCE) for file in SOURCE.rglob("*.py")}
    modules = {module for module in modules if module.name != "__init__.py"}
    alone = {
        module.as_posix()
        for module in modules
        if not (TESTS / module.parent / f"test_{module.name}").exists()
    }
    assert alone == WITHOUT_A_TEST.keys()


def test_a_package_of_the_job_only_says_what_it_holds() -> None:
    """What it would hold had no place for its tests."""
    for file in SOURCE.rglob("__init__.py"):
        assert len(file.read_text(encoding="utf-8").splitlines()) == 1, file
