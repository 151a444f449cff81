"""Which Flink operator the end-to-end tests run on, and how it is replaced by another release."""

from __future__ import annotations

import json
import re

from dev.cluster.services import install_flink_operator
from dev.cluster.target import kubectl, own_kubeconfig
from dev.cluster.toolchain.flink_operator import FlinkOperatorRelease, chosen, oldest
from program_user_info_operator.observed.flink_operator import read_flink_operator

_DEPLOYMENT = ("deployments", "--all-namespaces", "-o")
_IMAGES = "jsonpath={range .items[*]}{.spec.template.spec.containers[0].image}{'\\n'}{end}"


def can_be_replaced() -> bool:
    """Whether there is a newer release to go to, on a cluster whose Flink operator is ours."""
    return own_kubeconfig() is None and chosen() != oldest()


def running_release() -> str:
    """The Flink operator's version, as its image's tag says."""
    found = re.search(
        r"flink-(?:kubernetes-)?operator:(\d+\.\d+\.\d+)", kubectl("get", *_DEPLOYMENT, _IMAGES)
    )
    return found[1] if found else "unknown"


def known_flinks() -> tuple[str, ...]:
    """Values of `flinkVersion` that the installed Flink operator takes."""
    crd = kubectl("get", "crd", "flinkdeployments.flink.apache.org", "-o", "json")
    return read_flink_operator(json.loads(crd)).versions


def running_flinks() -> list[str]:
    """Versions of Flink that the jobs' clusters report."""
    path = "jsonpath={range .items[*]}{.status.clusterInfo.flink-version} {end}"
    said = kubectl("get", "flinkdeployments", "--all-namespaces", "-o", path)
    return sorted(set(said.split()))


def switch_to(release: FlinkOperatorRelease) -> None:
    """Have this release run, whichever did before."""
    if running_release() != release.version:
        install_flink_operator(release)
