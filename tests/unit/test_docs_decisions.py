"""The design decisions: each has a status and is in the index."""

from __future__ import annotations

import re

from tests.documentation import DOCS


def test_each_decision_has_a_status_and_is_in_the_index() -> None:
    index = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[([^]]+)\]\(([^)]+)\) \| (\w+)", index, re.MULTILINE)
    written = []
    for record in sorted((DOCS / "decisions").glob("0*.md")):
        title, _, status = record.read_text(encoding="utf-8").splitlines()[:3]
        found = re.match(r"Status: (accepted|superseded)\b", status)
        written.append((title.removeprefix("# "), record.name, found[1] if found else status))
    assert listed == written
