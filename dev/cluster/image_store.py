"""Images into the cluster."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable

from dev.cluster import node
from dev.paths import CACHE
from dev.release.images.builder import Builder
from dev.release.images.catalogue import Image, build_all
from dev.steps import StepFailed, capture, console, step

_ARCHIVES = CACHE / "archives"


def provide_images(images: Iterable[Image]) -> None:
    """Make every image known to the embedded node, building what is missing."""
    known = set(capture(node.ctr("images", "list", "--quiet")).split())
    missing = [image for image in images if image.reference not in known]
    if not missing:
        return
    # The one builder that needs no daemon, and is installed with the cluster's packages.
    builder = Builder("buildah")
    for image in missing:
        build_all([image], builder)
        with step(f"import {image.name} into the node"):
            archive = _ARCHIVES / f"{image.name}.tar"
            builder.save(image.reference, archive)
            capture(node.ctr("images", "import", archive))
            archive.unlink()


def load_into_own_cluster(images: Iterable[Image]) -> None:
    """Hand the images to kind or minikube; say how to do it for any other cluster."""
    builder = Builder()
    images = list(images)
    build_all(images, builder)
    loader = next((name for name in ("kind", "minikube") if shutil.which(name)), None)
    for image in images:
        archive = _ARCHIVES / f"{image.name}-{image.tag}.tar"
        builder.save(image.reference, archive)
        if loader == "kind":
            _load("kind", "load", "image-archive", str(archive))
        elif loader == "minikube":
            _load("minikube", "image", "load", str(archive))
        else:
            console.print(f"  {image.reference} → {archive}")
    if loader is None:
        console.print(
            "  neither kind nor minikube is on the PATH: push these archives to a registry that\n"
            "  your cluster reaches (skopeo copy docker-archive:FILE docker://REGISTRY/NAME:TAG)"
        )


def name_expected_images(images: Iterable[Image]) -> None:
    """Remind the user of a cluster of their own that the images must be there."""
    names = ", ".join(image.reference for image in images)
    console.print(f"  [dim]expects these images in your cluster (make load-images): {names}[/]")


def _load(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StepFailed(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
