"""`diff`: what the controller would change, by the API server's dry run."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from program_user_info_operator.cli.main import app
from tests.conftest import DATA

JOBS = sorted((DATA / "jobs").glob("*.yaml"))
EVERYTHING, MINIMAL = DATA / "jobs" / "everything.yaml", DATA / "jobs" / "minimal.yaml"


def test_diff_without_a_cluster_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", "/none")
    result = CliRunner().invoke(app, ["diff", "-f", str(EVERYTHING)])
    assert result.exit_code == 2
    assert "set KUBECONFIG" in result.stderr
