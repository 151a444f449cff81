"""Generated files are what their generator writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dev.documentation.generate import CHART_README, PAGES, chart_readme


def test_the_charts_readme_tells_its_values() -> None:
    assert CHART_README.read_text(encoding="utf-8") == chart_readme(), "run `make generate`"


@pytest.mark.parametrize(("page", "generated"), PAGES.items(), ids=[page.stem for page in PAGES])
def test_the_documentations_generated_pages_are_current(
    page: Path, generated: Callable[[], str]
) -> None:
    assert page.read_text(encoding="utf-8") == generated(), "run `make generate`"
