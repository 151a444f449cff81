"""What the controller renders, checked by the real CRDs of the Flink operators.

Each release's CRD is installed under a group of its own, and the API server validates against it:
schema, unknown fields, rules.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.cluster.target import kubectl
from dev.cluster.toolchain.flink_operator import handed_over, published_crd
from dev.steps import StepFailed
from program_user_info_operator.observed.flink_operator import read_flink_operator
from tests.cluster import Namespace, Object, eventually
from tests.conftest import GOLDEN

pytestmark = pytest.mark.cluster
_PUBLISHED = ("1.7.0", "1.10.0")
_PLURAL = "flinkdeployments"
_GOLDEN = sorted(GOLDEN.glob("render-*.yaml"))


def releases() -> list[str]:
    """The published ones, and the one that is handed over."""
    handed = handed_over()
    return [*_PUBLISHED, *([handed.version] if handed else [])]


def crd_of(release: str) -> Object:
    if release in _PUBLISHED:
        return published_crd(release, _PLURAL)
    handed = handed_over()
    assert handed is not None
    return next(crd for crd in handed.crds() if crd["spec"]["names"]["plural"] == _PLURAL)


@dataclass(frozen=True)
class Served:
    """A release's CRD, served under an API group of its own."""

    group: str
    crd: Object

    def fitted(self, deployment: Object) -> Object:
        """A golden FlinkDeployment for this group, on a Flink that the release knows."""
        document = copy.deepcopy(deployment)
        document["apiVersion"] = f"{self.group}/v1beta1"
        if not read_flink_operator(self.crd).knows(document["spec"]["flinkVersion"]):
            document["spec"]["flinkVersion"] = "v1_18"
        return document


@pytest.fixture(scope="module", params=releases())
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    crd = crd_of(request.param)
    group = f"v{request.param.replace('.', '-')}.flink.example.org"
    installed = copy.deepcopy(crd)
    installed["metadata"]["name"] = f"{_PLURAL}.{group}"
    installed["spec"]["group"] = group
    installed["spec"]["names"]["shortNames"] = []
    kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump(installed))
    name = f"{_PLURAL}.{group}"
    eventually(lambda: name in kubectl("api-resources", "-o", "name"), f"{name} is served")
    yield Served(group, crd)
    kubectl("delete", "crd", name)


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
def test_what_is_rendered_fits_the_crd(namespace: Namespace, served: Served, file: Path) -> None:
    deployment = served.fitted(next(yaml.safe_load_all(file.read_text())))
    assert is_accepted(namespace, deployment)


def test_a_field_that_the_crd_does_not_know_is_found(namespace: Namespace, served: Served) -> None:
    deployment = served.fitted(next(yaml.safe_load_all(_GOLDEN[0].read_text())))
    deployment["spec"]["job"]["unknown"] = 1
    assert not is_accepted(namespace, deployment)
