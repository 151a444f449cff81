"""What `make mutants` makes of a module, and how it finds what is listed."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("mutmut", reason="it comes with `make mutants`")

from dev.mutation.mutants import Source, explained, modules

TEXT = '''\
"""A module."""

from __future__ import annotations

LIMIT = 3


def decide(number: int) -> str:
    """Decide."""
    log.info("decided", number=number)
    return "more" if number > LIMIT else "less"
'''


def diffs(text: str = TEXT) -> list[str]:
    source = Source(Path("module.py"), "package.module", text)
    return [each.diff for place in range(len(source.places)) for each in source.mutants(place)]


def test_what_decides_is_changed_and_what_only_tells_is_not() -> None:
    found = diffs()
    assert "- LIMIT = 3\n+ LIMIT = 4" in found
    changed = {line for diff in found for line in diff.splitlines() if line.startswith("- ")}
    assert changed == {"- LIMIT = 3", '- return "more" if number > LIMIT else "less"'}
    assert any("number >= LIMIT" in diff for diff in found)


def test_a_mutant_knows_the_lines_of_its_statement() -> None:
    source = Source(Path("module.py"), "package.module", TEXT)
    lines = {each.lines for place in range(len(source.places)) for each in source.mutants(place)}
    assert lines == {range(5, 6), range(11, 12)}


def test_each_one_that_is_listed_changes_a_line_of_today() -> None:
    """One that is gone, because the code has changed, leaves the list."""
    for name, diff in explained():
        (file,) = (file for file, module in modules().items() if module.endswith(f".{name}"))
        lines = {line.strip() for line in file.read_text(encoding="utf-8").splitlines()}
        assert {line[2:] for line in diff.splitlines() if line.startswith("- ")} <= lines
