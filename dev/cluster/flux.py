"""Flux's source- and kustomize-controller on the embedded cluster, by their own manifests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from dev.cluster.image_store import provide_images
from dev.cluster.target import kubectl
from dev.cluster.toolchain import programs
from dev.release.images.catalogue import FLUX_CONTROLLERS, flux_image
from dev.steps import step

NAMESPACE = "flux-system"
_PARTS = ("crd", "rbac", "manager")
_USER = 65534  # the images hold one program, and no user by name


@contextmanager
def running() -> Iterator[None]:
    """Flux while it is needed; afterwards its kinds and all that is of them are gone."""
    programs.build_flux()
    provide_images([flux_image(name) for name in FLUX_CONTROLLERS])
    with step("start Flux"):
        manifests = _manifests()
        kubectl("apply", "--server-side", "-f", "-", stdin=manifests)
    try:
        with step("wait for Flux"):
            for name in FLUX_CONTROLLERS:
                kubectl(
                    "rollout", "status", f"deployment/{name}", "-n", NAMESPACE, "--timeout=180s"
                )
        yield
    finally:
        kubectl("delete", "--ignore-not-found", "--timeout=120s", "-f", "-", stdin=manifests)


def _manifests() -> str:
    """What both modules ship, in one namespace and with the images that were built here."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in FLUX_CONTROLLERS:
            shutil.copytree(programs.flux_manifests(name), root / name)
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        (root / "namespace.yaml").write_text(yaml.safe_dump(namespace), encoding="utf-8")
        kustomization: dict[str, Any] = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": NAMESPACE,
            "resources": [
                "namespace.yaml",
                *(f"{name}/{part}" for name in FLUX_CONTROLLERS for part in _PARTS),
            ],
            "patches": [_patch(name) for name in FLUX_CONTROLLERS],
        }
        (root / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), encoding="utf-8")
        return kubectl("kustomize", folder)


def _patch(name: str) -> dict[str, Any]:
    container = {
        "name": "manager",
        "image": flux_image(name).reference,
        "command": [f"/{name}"],
        "securityContext": {"runAsUser": _USER},
    }
    patch = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }
    return {"patch": yaml.safe_dump(patch)}
