"""An object that is not there, and a kind that is not there: the API server answers 404 to both."""

from __future__ import annotations

from pathlib import Path

import pytest
from kubernetes.config import kube_config

from program_user_info_operator.cluster.api_server import (
    CONFIG_MAP,
    FLINK_DEPLOYMENT,
    JOB,
    ApiError,
    ApiServer,
    Kind,
)
from tests.faults.control_plane import ControlPlane

pytestmark = pytest.mark.cluster


@pytest.fixture
def api(plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ApiServer:
    plane.write_kubeconfig(tmp_path / "kubeconfig", f"https://127.0.0.1:{plane.port}")
    location = str(tmp_path / "kubeconfig")
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", location)
    return ApiServer()


@pytest.mark.parametrize("kind", [JOB, FLINK_DEPLOYMENT, CONFIG_MAP])
def test_an_object_that_is_missing_is_none(api: ApiServer, kind: Kind) -> None:
    assert api.get(kind, "default", "none") is None
    assert api.get(kind, "no-such-namespace", "none") is None


@pytest.mark.parametrize(
    "kind",
    [
        Kind(FLINK_DEPLOYMENT.api_version, "flinkcucumbers", "FlinkCucumber"),
        Kind("cucumbers.org/v1", "cucumbers", "Cucumber"),
    ],
)
def test_a_kind_that_is_missing_is_an_error(api: ApiServer, kind: Kind) -> None:
    with pytest.raises(ApiError) as error:
        api.get(kind, "default", "none")
    assert error.value.status == 404
