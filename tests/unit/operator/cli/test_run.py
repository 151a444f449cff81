"""`run`: the options of the controller, from the command line and from the environment."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from typer.testing import CliRunner

from program_user_info_operator.cli.arguments import VERSION
from program_user_info_operator.cli.main import app
from program_user_info_operator.cluster.api_server import ApiError
from program_user_info_operator.controller.process import Settings
from program_user_info_operator.rollout.standings import Waves

RUN = "program_user_info_operator.controller.process.run_controller"


def settings(monkeypatch: pytest.MonkeyPatch, *options: str, **environment: str) -> Settings:
    """What the controller is run with."""
    given: list[Settings] = []
    monkeypatch.setattr(RUN, given.append)
    result = CliRunner().invoke(app, ["run", *options], env=environment)
    assert result.exit_code == 0, result.stderr
    (found,) = given
    return found


def test_by_default_one_job_at_a_time_gets_a_release_in_the_whole_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = settings(monkeypatch)
    assert (found.namespaces, found.selector) == ((), "")
    assert found.waves == Waves(1, (), paused=False)
    assert found.identity == socket.gethostname()
    assert found.bundle.images["v2_2"] == f"program-user-info-job:{VERSION}-flink2.2"


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("WATCH_NAMESPACES", " a , b,, ", "namespaces", ("a", "b")),
        ("WATCH_SELECTOR", "team=a", "selector", "team=a"),
        ("POD_NAME", "pod-1", "identity", "pod-1"),
        ("LEASE_NAME", "l", "lease", "l"),
        ("LEASE_SECONDS", "15", "lease_seconds", 15),
        ("WORKERS", "8", "workers", 8),
        ("RESYNC_SECONDS", "30", "resync_seconds", 30.0),
        ("WATCH_SILENCE_SECONDS", "60", "watch_silence_seconds", 60.0),
        ("API_TIMEOUT_SECONDS", "0.5", "api_timeout_seconds", 0.5),
        ("SECRET_CHECK_SECONDS", "5", "secret_check_seconds", 5.0),
        ("SOAK_SECONDS", "0", "soak_seconds", 0.0),
        ("METRICS_PORT", "0", "metrics_port", 0),
    ],
)
def test_the_chart_sets_an_option_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str, expected: Any
) -> None:
    assert getattr(settings(monkeypatch, **{name: value}), field) == expected


def test_a_rollout_has_an_order_and_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(
        monkeypatch,
        ROLLOUT_MAX_CONCURRENT="3",
        ROLLOUT_ENVIRONMENTS="dev, staging,prod",
        ROLLOUT_PAUSED="true",
    )
    assert found.waves == Waves(3, ("dev", "staging", "prod"), paused=True)


def test_images_are_separated_by_spaces_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(
        monkeypatch,
        "--profiles-namespace=a",
        "--profiles-name=b",
        JOB_IMAGES="v1_20=job:1 v2_2=job:2",
        JOB_SERVICE_ACCOUNT="account",
    )
    assert found.bundle.words == {"v1_20=job:1", "v2_2=job:2"}
    assert (found.bundle.service_account, found.profiles) == ("account", ("a", "b"))


@pytest.mark.parametrize(
    "option",
    [
        *("--workers=0", "--workers=65", "--lease-seconds=9", "--resync-seconds=0.5"),
        *("--watch-silence-seconds=3", "--api-timeout-seconds=0", "--secret-check-seconds=0"),
        *("--rollout-max-concurrent=0", "--soak-seconds=-1", "--metrics-port=65536"),
    ],
)
def test_a_value_that_would_not_work_is_refused(
    monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    started: list[Settings] = []
    monkeypatch.setattr(RUN, started.append)
    result = CliRunner().invoke(app, ["run", option])
    assert (result.exit_code, started) == (2, [])
    assert option.partition("=")[0] in result.stderr


def test_without_a_cluster_it_ends_with_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Settings) -> None:
        raise ApiError(0, "no cluster is configured")

    monkeypatch.setattr(RUN, fails)
    result = CliRunner().invoke(app, ["run"])
    assert (result.exit_code, result.stderr) == (1, "error: no cluster is configured\n")
