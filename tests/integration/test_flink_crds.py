"""What the controller renders, judged by the real CRDs of the Flink operators.

Each release's CRD is installed under a group of its own, and the API server validates against it
in earnest: schema, unknown fields, rules.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.cluster.services import flink_deployment_crd
from dev.cluster.target import kubectl
from dev.steps import StepFailed
from tests.cluster import Namespace, eventually
from tests.conftest import GOLDEN

pytestmark = pytest.mark.cluster
_RELEASES = ["1.7.0", "1.10.0"]
_GOLDEN = sorted(GOLDEN.glob("render-*.yaml"))


@pytest.fixture(scope="module", params=_RELEASES)
def group(request: pytest.FixtureRequest) -> Any:
    """The API group under which one release's CRD is served meanwhile."""
    release = request.param
    name = f"v{release.replace('.', '-')}.flink.example.org"
    crd = flink_deployment_crd(release)
    crd["metadata"]["name"] = f"flinkdeployments.{name}"
    crd["spec"]["group"] = name
    crd["spec"]["names"]["shortNames"] = []
    kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump(crd))
    served = f"flinkdeployments.{name}"
    eventually(lambda: served in kubectl("api-resources", "-o", "name"), f"{served} is served")
    yield name
    kubectl("delete", "crd", f"flinkdeployments.{name}")


def is_accepted(namespace: Namespace, deployment: dict[str, Any]) -> bool:
    metadata = {"name": deployment["metadata"]["name"]}
    document = deployment | {"metadata": metadata}
    options = ("--dry-run=server", "--validate=strict")
    try:
        namespace.run("create", "-f", "-", *options, stdin=yaml.safe_dump(document))
    except StepFailed as failure:
        if "no matches for kind" in str(failure):
            raise
        return False
    return True


@pytest.mark.parametrize("file", _GOLDEN, ids=lambda file: file.stem)
def test_what_is_rendered_fits_the_crd(namespace: Namespace, group: str, file: Path) -> None:
    deployment = next(yaml.safe_load_all(file.read_text()))
    deployment["apiVersion"] = f"{group}/v1beta1"
    deployment["spec"]["flinkVersion"] = "v1_18"
    assert is_accepted(namespace, deployment)


def test_a_field_that_the_crd_does_not_know_is_found(namespace: Namespace, group: str) -> None:
    deployment = next(yaml.safe_load_all(_GOLDEN[0].read_text()))
    deployment["apiVersion"] = f"{group}/v1beta1"
    deployment["spec"]["flinkVersion"] = "v1_18"
    deployment["spec"]["job"]["unknown"] = 1
    assert not is_accepted(namespace, deployment)
