"""Runs the unit tests that reach a mutant, in a process of its own, until one of them fails."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import Enum
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path

import pytest
from coverage import CoverageData

from dev.mutation.mutants import Mutant
from dev.paths import REPOSITORY
from dev.steps import StepFailed, run, step

FOLDER = REPOSITORY / "build" / "mutants"
_COVERAGE = FOLDER / "coverage"
# Imported once here, not again for each mutant.
_HEAVY = (
    *("aiohttp", "cassandra.cluster", "hypothesis.stateful", "jsonschema", "kopf", "kubernetes"),
    *("msgspec", "pandas", "prometheus_client", "pydantic", "pyflink.table", "structlog", "typer"),
    "xdist.scheduler",
)
_PATIENCE = 300.0
_FIRST = 8
_SURVIVED = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
_BROKEN, _MISTYPED = 70, 71


class Reach:
    """Which unit tests run which lines."""

    def __init__(self) -> None:
        if not _is_new(_COVERAGE):
            _measure()
        self._data = CoverageData(str(_COVERAGE))
        self._data.read()
        lines = (self._tests_by_line(file).values() for file in self._data.measured_files())
        self._width = Counter(test for file in lines for tests in file for test in tests)

    def tests(self, mutant: Mutant) -> list[str]:
        """Those that run the mutant's lines, those that run little else first."""
        by_line = self._tests_by_line(str(mutant.file))
        found = {test for line in mutant.lines for test in by_line.get(line, ())}
        others: set[str] = set()
        if "" in found or not found:  # it runs when the module is imported: anybody may use it
            found = {test for tests in by_line.values() for test in tests}
            side = "operator" if "operator" in mutant.module else "job"
            others = {test for test in self._width if test.startswith(f"tests/unit/{side}/")}
        return [*self._sorted(found - {""}), *self._sorted(others - found)]

    def _sorted(self, tests: set[str]) -> list[str]:
        return sorted(tests, key=lambda test: (self._width[test], test))

    def _tests_by_line(self, file: str) -> dict[int, set[str]]:
        contexts = self._data.contexts_by_lineno(file).items()
        return {line: {each.partition("|")[0] for each in found} for line, found in contexts}


class _Mutated(MetaPathFinder):
    """Imports the mutant in the module's place."""

    def __init__(self, mutant: Mutant, file: Path) -> None:
        self._module, self._file = mutant.module, file

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """Of that module only."""
        return spec_from_file_location(name, self._file) if name == self._module else None


class _Chosen:
    """Runs these tests only, in this order."""

    def __init__(self, tests: list[str]) -> None:
        self._order = {test: place for place, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Drop the others."""
        items[:] = [item for item in items if item.nodeid in self._order]
        items.sort(key=lambda item: self._order[item.nodeid])


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "a test failed"
    MISTYPED = "mypy refused it"
    SURVIVED = "nothing noticed it"


_FATES: dict[int | None, Fate] = {
    pytest.ExitCode.OK: Fate.SURVIVED,
    pytest.ExitCode.NO_TESTS_COLLECTED: Fate.SURVIVED,
    pytest.ExitCode.TESTS_FAILED: Fate.KILLED,
    # A module that cannot be imported any more: by a test's file, or by a conftest.
    pytest.ExitCode.INTERRUPTED: Fate.KILLED,
    pytest.ExitCode.USAGE_ERROR: Fate.KILLED,
    -signal.SIGKILL: Fate.KILLED,  # it hung
    _MISTYPED: Fate.MISTYPED,
}


def fates(
    mutants: Iterable[Mutant], processes: int, minutes: float
) -> Iterator[tuple[Mutant, Fate]]:
    """Each mutant that was tried within these minutes, and what became of it."""
    reach, waiting = Reach(), iter(mutants)
    deadline = time.monotonic() + 60 * minutes
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(FOLDER / "hypothesis")
    for name in _HEAVY:
        __import__(name)
    context = multiprocessing.get_context("fork")
    under_way: dict[int, tuple[Mutant, ForkProcess, float]] = {}
    is_over = False
    while under_way or not is_over:
        is_over = is_over or time.monotonic() > deadline
        if not is_over and len(under_way) < processes:
            mutant = next(waiting, None)
            if mutant is None:
                is_over = True
                continue
            process = context.Process(target=_try, args=(mutant, reach.tests(mutant)))
            process.start()
            under_way[process.sentinel] = mutant, process, time.monotonic() + _PATIENCE
        is_full = is_over or len(under_way) == processes
        wait(list(under_way), timeout=1 if is_full else 0)
        for sentinel, (mutant, process, latest) in list(under_way.items()):
            if time.monotonic() > latest:
                process.kill()
                process.join()
            if not process.is_alive():
                del under_way[sentinel]
                if process.exitcode not in _FATES:
                    raise StepFailed(f"pytest failed: read {_log(process.pid)}")
                yield mutant, _FATES[process.exitcode]


def _try(mutant: Mutant, tests: list[str]) -> None:
    """Exit with pytest's status, or `_MISTYPED`."""
    file = FOLDER / f"{os.getpid()}.py"
    file.write_text(mutant.text, encoding="utf-8")
    sys.meta_path.insert(0, _Mutated(mutant, file))
    log = os.open(_log(os.getpid()), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    options = ["--exitfirst", "--quiet", "-p", "no:cacheprovider"]
    # What is imported already has no assertions to rewrite.
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    status = _BROKEN
    try:
        # Most fall to the first few, and those are in few files.
        status = pytest.ExitCode.NO_TESTS_COLLECTED
        for some in (tests[:_FIRST], tests[_FIRST:]):
            if some and status in _SURVIVED:
                files = {test.partition("::")[0] for test in some}
                status = int(pytest.main([*options, *sorted(files)], plugins=[_Chosen(some)]))
        if status in _SURVIVED and _is_refused_by_mypy(mutant, file):
            status = _MISTYPED
    finally:
        os._exit(status)


def _is_refused_by_mypy(mutant: Mutant, file: Path) -> bool:
    mypy = Path(sys.executable).parent / "mypy"
    options = ("--cache-dir", FOLDER / "mypy", "--shadow-file", mutant.file, file)
    checked = subprocess.run([mypy, *options, "--module", mutant.module], check=False)
    return checked.returncode == 1


def _log(pid: int | None) -> Path:
    return FOLDER / f"{pid}.log"


def _is_new(file: Path) -> bool:
    """Whether nothing has changed since the file was written."""
    folders = (REPOSITORY / name for name in ("operator/src", "job/src", "tests/unit"))
    changed = (each.stat().st_mtime for folder in folders for each in folder.rglob("*.py"))
    return file.exists() and file.stat().st_mtime > max(changed)


def _measure() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pytest", "tests/unit/operator", "tests/unit/job"]
    options = [
        "--quiet",
        "--numprocesses=2",
        "--cov",
        "--cov-context=test",
        "--cov-report=",
        "--cov-fail-under=0",
    ]
    variables = {"COVERAGE_FILE": str(_COVERAGE)}
    with step("which test runs which line"):
        run([*command, *options], FOLDER / "measure.log", env=variables, cwd=REPOSITORY)
