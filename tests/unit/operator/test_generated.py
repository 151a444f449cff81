"""Generated files are what their generator writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dev.documentation.generate import CHART_README, CRD_FILES, PAGES, chart_readme, crd_text
from program_user_info_operator.api.crd import custom_resource_definition


def test_the_crd_is_generated_from_the_types() -> None:
    for file in CRD_FILES:
        assert file.read_text(encoding="utf-8") == crd_text(), "run `make generate`"


def test_the_charts_readme_tells_its_values() -> None:
    assert CHART_README.read_text(encoding="utf-8") == chart_readme(), "run `make generate`"


@pytest.mark.parametrize(("page", "generated"), PAGES.items(), ids=[page.stem for page in PAGES])
def test_the_documentations_generated_pages_are_current(
    page: Path, generated: Callable[[], str]
) -> None:
    assert page.read_text(encoding="utf-8") == generated(), "run `make generate`"


def test_the_spec_has_no_defaults_that_would_shadow_a_profile() -> None:
    assert "default:" not in crd_text()
    version = custom_resource_definition()["spec"]["versions"][0]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert spec["required"] == ["environment"]
    assert all("description" in field for field in spec["properties"].values())
