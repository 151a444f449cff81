"""Options and fixtures that all tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The machine may be busy: what is slow is not wrong.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")

DATA = Path(__file__).parent / "data"
GOLDEN = Path(__file__).parent / "golden"
FAULTS = Path(__file__).parent / "faults"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the lanes in its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that wait for time to pass come last: it passes while the others run.

    Those of one lane run one after the other, beside those of the other lanes.
    """
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)
    for item in items:
        if name := lane(item):
            item.add_marker(pytest.mark.xdist_group(name))


def lane(item: pytest.Item) -> str | None:
    """What the test shares with others of its lane, and must have for itself; None if nothing."""
    if item.path.is_relative_to(FAULTS):
        return "control plane"
    return "cluster" if item.get_closest_marker("cluster") else None


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a committed file; `make generate` writes the files anew."""

    def compare(name: str, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--update-golden"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8"), f"{file} differs: see `make generate`"

    return compare
