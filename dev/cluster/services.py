"""What runs on the cluster besides the product: Kafka, Cassandra, the Flink operator."""

from __future__ import annotations

from pathlib import Path

import yaml

from dev.cluster import processes
from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.forward import listens
from dev.cluster.image_store import provide_images
from dev.cluster.target import kubectl, own_kubeconfig
from dev.cluster.toolchain.flink_operator import FlinkOperatorRelease
from dev.paths import DEV
from dev.release.images.catalogue import Image, flink_operator_image
from dev.steps import step, wait_until

_MANIFESTS = DEV / "cluster" / "manifests"
_READY = "--timeout=300s"
_FLINK_OPERATOR = ("deployment/flink-operator", "-n", "flink-operator")


def deploy_services(images: dict[str, Image], flink_operator: FlinkOperatorRelease) -> None:
    """Apply the manifests and wait until everything is ready.

    A Flink operator that a cluster of the user's own already has stays as it is.
    """
    with step("start Kafka and Cassandra"):
        kubectl("apply", "-f", "-", stdin=_with_images(_MANIFESTS / "data.yaml", images))
    if not _has_flink_operator_of_its_own():
        install_flink_operator(flink_operator)
    with step("wait for Kafka and Cassandra"):
        for name in ("kafka", "cassandra"):
            kubectl("rollout", "status", f"statefulset/{name}", "-n", "sunbird-dev", _READY)
    if own_kubeconfig() is None:
        with step(f"open Kafka's port {KAFKA_PORT} on this machine"):
            _relay_kafka()


def _relay_kafka() -> None:
    """One relay for all processes: it outlives brokers and the process that started it."""
    service = ("get", "service", "kafka", "-n", "sunbird-dev")
    address = kubectl(*service, "-o", "jsonpath={.spec.clusterIP}")
    listen = f"TCP-LISTEN:{KAFKA_PORT},bind=127.0.0.1,reuseaddr,fork"
    relay = ["socat", listen, f"TCP:{address}:{KAFKA_PORT}"]
    processes.start("kafka-relay", processes.kept_up(relay))
    wait_until(lambda: listens(KAFKA_PORT), "the port is open", timeout=30)


def install_flink_operator(release: FlinkOperatorRelease) -> None:
    """Install a release of the Flink operator, or replace another one by it, CRDs included."""
    image = flink_operator_image(release)
    if own_kubeconfig() is None:
        provide_images([image])
    with step(f"start the Flink operator {release.version}"):
        for crd in release.crds():
            document = yaml.safe_dump(crd)
            kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=document)
        manifest = _with_images(_MANIFESTS / "flink-operator.yaml", {"flink-operator": image})
        kubectl("apply", "-f", "-", stdin=manifest)
        kubectl("rollout", "status", *_FLINK_OPERATOR, _READY)


def _has_flink_operator_of_its_own() -> bool:
    if own_kubeconfig() is None:
        return False
    crd = ("crd", "flinkdeployments.flink.apache.org", "--ignore-not-found", "-o", "name")
    ours = kubectl("get", *_FLINK_OPERATOR, "--ignore-not-found", "-o", "name")
    return bool(kubectl("get", *crd)) and not ours


def _with_images(manifest: Path, images: dict[str, Image]) -> str:
    text = manifest.read_text(encoding="utf-8")
    for name, image in images.items():
        text = text.replace(f"@{name}@", image.reference)
    return text
