"""Options and fixtures that all tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# The machine may be busy: what is slow is not wrong.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")

DATA = Path(__file__).parent / "data"
GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that wait for time to pass come last: it passes while the others run."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


class Lanes(LoadScopeScheduling):
    """Tests that share a cluster run one after the other, beside those that share another."""

    def _split_scope(self, nodeid: str) -> str:
        match nodeid.split("/")[1]:
            case "unit":
                return nodeid.partition("::")[0]
            case "faults":
                return "a control plane of their own"
            case _:
                return "the cluster"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Lanes:
    """What `--dist=loadscope` is here."""
    return Lanes(config, log)


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
