"""What runs on the cluster besides the product: Kafka, Cassandra, the Flink operator."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import yaml

from dev.cluster.target import kubectl
from dev.images.catalogue import Image
from dev.paths import DEV
from dev.steps import step
from dev.toolchain.jars import fetch_jars

_MANIFESTS = DEV / "cluster" / "manifests"
_READY = "--timeout=300s"


def deploy_services(images: dict[str, Image]) -> None:
    """Apply the manifests and wait until everything is ready."""
    with step("start Kafka, Cassandra and the Flink operator"):
        for crd in flink_crds():
            kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=crd)
        for manifest in ("data.yaml", "flink-operator.yaml"):
            kubectl("apply", "-f", "-", stdin=_with_images(_MANIFESTS / manifest, images))
        for kind, name, namespace in (
            ("statefulset", "kafka", "sunbird-dev"),
            ("statefulset", "cassandra", "sunbird-dev"),
            ("deployment", "flink-operator", "flink-operator"),
        ):
            kubectl("rollout", "status", f"{kind}/{name}", "-n", namespace, _READY)


def flink_crds() -> list[str]:
    """The Flink operator's own CRDs, as its API jar brings them."""
    folder = fetch_jars("flink-operator", DEV / "images" / "flink-operator" / "pom.xml")
    jar = next(folder.glob("flink-kubernetes-operator-api-*.jar"))
    with zipfile.ZipFile(jar) as archive:
        wanted = [name for name in archive.namelist() if name.endswith("-v1.yml")]
        return [archive.read(name).decode() for name in wanted]


def flink_deployment_crd(release: str) -> dict[str, Any]:
    """The CRD of FlinkDeployment of a release of the Flink operator."""
    pom = DEV / "toolchain" / "flink-crds" / f"{release}.xml"
    jar = next(fetch_jars(f"flink-crds-{release}", pom).glob("*.jar"))
    name = "META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml"
    with zipfile.ZipFile(jar) as archive:
        document: dict[str, Any] = yaml.safe_load(archive.read(name))
    return document


def _with_images(manifest: Path, images: dict[str, Image]) -> str:
    text = manifest.read_text(encoding="utf-8")
    for name, image in images.items():
        text = text.replace(f"@{name}@", image.reference)
    return text
