"""Options and fixtures that all tests share."""

from __future__ import annotations

import math
import time
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
SLOW_SECONDS = 20
RAN_ON = "ran on"
"""A test's property: which Flink operator and Flink it ran on; told in the summary."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files again")


# They need the API server, Kafka or Cassandra, or jobs of their own that mind nothing that the
# cluster's tests do (stop the controller, change a profile), and change nothing that those use.
APART = (
    "tests/bench/",
    "tests/e2e/test_autoscaling.py",
    "tests/servers/",
    "tests/integration/test_admission_policy.py",
    "tests/integration/test_alerts.py",
    "tests/integration/test_command_in_cluster.py",
    "tests/integration/test_flink_crds.py",
    "tests/integration/test_images.py",
    "tests/integration/test_refused_specs.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In each lane the early ones first, those that wait for time to pass last.

    Those that stand apart come when all others of their lane are through: until then the outages,
    which are early in the cluster's lane, are over.
    """

    def place(item: pytest.Item) -> tuple[bool, float]:
        early = item.get_closest_marker("early")
        is_late = item.get_closest_marker("last") is not None or item.nodeid.startswith(APART)
        return is_late, early.args[0] if early else math.inf

    items.sort(key=place)


class Lanes(LoadScopeScheduling):  # type: ignore[misc]  # xdist is untyped
    """Tests that share a cluster run one after the other, beside those that share another."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(("tests/unit/", *APART)):
            return nodeid.partition("::")[0]
        if nodeid.startswith("tests/faults/"):
            return "a control plane of their own"
        return "the cluster"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Lanes:
    """What `--dist=loadscope` is here."""
    return Lanes(config, log)


class Progress:
    """Name the slow tests as they end: of a long run the dots say little."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._started = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None and report.duration >= SLOW_SECONDS:
            minutes = (time.monotonic() - self._started) / 60
            terminal.write_line(
                f"{minutes:5.1f} min: {report.nodeid} ({report.when} {report.duration:.0f} s)"
            )


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(config))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what each end-to-end test ran on."""
    told = {
        report.nodeid: dict(report.user_properties)[RAN_ON]
        for reports in terminalreporter.stats.values()
        for report in reports
        if RAN_ON in dict(getattr(report, "user_properties", ()))
    }
    if told:
        terminalreporter.section("end-to-end tests ran on")
    for test, servers in sorted(told.items()):
        terminalreporter.write_line(f"{servers:48}  {test.removeprefix('tests/e2e/')}")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a committed file; `make generate` writes the files again."""

    def compare(name: str, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--update-golden"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8"), f"{file} differs: see `make generate`"

    return compare
