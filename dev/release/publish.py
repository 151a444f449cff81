"""`make publish`: images, their SBOMs and the chart into a registry, the chart pinned to digests.

Credentials are those of `docker login`: helm, oras, buildah and podman read the same file.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dev import versions
from dev.cluster.chart_release import CHART
from dev.cluster.toolchain import programs
from dev.paths import REPOSITORY
from dev.release import supply_chain
from dev.release.images import platforms
from dev.release.images.builder import Builder
from dev.release.images.catalogue import build_for, product_images
from dev.steps import StepFailed, capture, step

DIGESTS = REPOSITORY / "build" / "published.sha256"
SBOM_TYPE = "application/vnd.cyclonedx+json"
_REGISTRY = re.compile(r"[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)*")
# What makes an attachment the same one, whenever it is made.
_NO_MOMENT = "org.opencontainers.image.created=1970-01-01T00:00:00Z"


@dataclass(frozen=True)
class Published:
    """An image in the registry; `digest` is the index's where it is for several platforms."""

    repository: str
    tag: str
    digest: str

    @property
    def reference(self) -> str:
        """With its digest."""
        return f"{self.repository}:{self.tag}@{self.digest}"


def publish(registry: str, wanted_platforms: str = "") -> list[Published]:
    """Push everything below `registry`, such as ghcr.io/sunbird-lern. Raises `StepFailed`."""
    registry = registry.rstrip("/")
    if not _REGISTRY.fullmatch(registry):
        raise StepFailed(
            f"REGISTRY: {registry!r} is not a registry such as ghcr.io/sunbird-lern: leave out the"
            " scheme, use lower case"
        )
    programs.build_helm()
    programs.build_oras()
    builder = Builder()
    chosen = platforms.choose(wanted_platforms, builder.platforms())
    images = {name: _publish_image(name, registry, chosen, builder) for name in product_images()}
    with step(f"push the chart to {registry}/charts"):
        publish_chart(images, registry)
    return list(images.values())


def write_digests(images: Iterable[Published]) -> None:
    """Write `build/published.sha256`: digest and repository of each image, for an attestation."""
    DIGESTS.parent.mkdir(exist_ok=True)
    lines = [f"{each.digest.removeprefix('sha256:')}  {each.repository}\n" for each in images]
    DIGESTS.write_text("".join(lines), encoding="ascii")


def _publish_image(name: str, registry: str, wanted: list[str], builder: Builder) -> Published:
    """Push an image for each platform, with its SBOM beside it, and what joins them."""
    image, digests = product_images()[name], []
    repository = f"{registry}/{image.name}"
    tag = published_tag(name)
    for platform in wanted:
        reference = build_for(name, platform, builder)
        own_tag = tag if len(wanted) == 1 else f"{tag}-{platforms.architecture(platform)}"
        with step(f"push {repository}:{own_tag}"):
            digests.append(builder.push(reference, f"{repository}:{own_tag}"))
        document = dict(supply_chain.documents(platform))[name]
        supply_chain.complete(document, reference, builder)
        with step(f"attach the SBOM of {repository}:{own_tag}"):
            attach(document, f"{repository}@{digests[-1]}")
    if len(wanted) == 1:
        return Published(repository, tag, digests[0])
    with step(f"push {repository}:{tag} for {', '.join(wanted)}"):
        oras("manifest", "index", "create", f"{repository}:{tag}", *digests)
        digest = oras("resolve", f"{repository}:{tag}").strip()
    return Published(repository, tag, digest)


def published_tag(name: str) -> str:
    """The version; for a job, with its line of Flink: 1.2.0-flink2.2 for `job-flink2.2`."""
    _, flink, line = name.partition("-flink")
    return f"{versions.PRODUCT}{flink}{line}"


def attach(document: dict[str, Any], subject: str) -> None:
    """Put a CycloneDX document beside an image, which `subject` names by its digest."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sbom.cdx.json").write_text(json.dumps(document), encoding="utf-8")
        oras(
            *("attach", "--artifact-type", SBOM_TYPE, "--annotation", _NO_MOMENT, subject),
            f"sbom.cdx.json:{SBOM_TYPE}",
            cwd=Path(folder),
        )


def publish_chart(images: Mapping[str, Published], registry: str) -> None:
    """Push the chart, pinned to these images."""
    with pinned_chart(images) as chart, tempfile.TemporaryDirectory() as folder:
        helm = programs.HELM / "helm"
        capture([helm, "package", chart, "--destination", folder])
        (package,) = Path(folder).glob("*.tgz")
        capture([helm, "push", package, f"oci://{registry}/charts"])


@contextmanager
def pinned_chart(images: Mapping[str, Published]) -> Iterator[Path]:
    """A copy of the chart whose values name these images, each by its digest."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1000
    yaml.indent(mapping=2, sequence=4, offset=2)
    with tempfile.TemporaryDirectory() as folder:
        chart = Path(folder) / CHART.name
        shutil.copytree(CHART, chart)
        values = yaml.load(chart / "values.yaml")
        for name, image in images.items():
            place = values["image"]
            _, flink, line = name.partition("-flink")
            if flink:
                place = values["job"]["images"][f"v{line.replace('.', '_')}"]
            place["repository"], place["tag"] = image.repository, image.tag
            place["digest"] = image.digest
        yaml.dump(values, chart / "values.yaml")
        about = yaml.load(chart / "Chart.yaml")
        listed = [{"name": name, "image": image.reference} for name, image in images.items()]
        about["annotations"]["artifacthub.io/images"] = json.dumps(listed)
        yaml.dump(about, chart / "Chart.yaml")
        yield chart


def oras(*arguments: str, cwd: Path | None = None) -> str:
    """Run ORAS."""
    return capture([programs.ORAS / "oras", *arguments], cwd=cwd)
