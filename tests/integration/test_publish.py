"""What `make publish` leaves in a registry, read as others read it: by helm and ORAS."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from dev import versions
from dev.cluster.target import helm
from dev.release.publish import SBOM_TYPE, oras
from tests.integration.conftest import publish

pytestmark = [pytest.mark.cluster, pytest.mark.nightly]

IMAGES = {
    "program-user-info-operator": versions.PRODUCT,
    **{f"job {line}": f"{versions.PRODUCT}-flink{line}" for line in versions.FLINK_LINES},
}


def digests(place: str) -> dict[str, str]:
    """Digest of each image by its reference."""
    tags = {
        f"{place}/{'program-user-info-job' if 'job' in name else name}:{tag}"
        for name, tag in IMAGES.items()
    }
    return {tag: oras("resolve", tag).strip() for tag in sorted(tags)}


def test_the_chart_pins_each_image_to_what_the_registry_has(published: str) -> None:
    chart = f"oci://{published}/charts/program-user-info-operator"
    values = yaml.safe_load(helm("show", "values", chart, "--version", versions.PRODUCT))
    named = [values["image"], *values["job"]["images"].values()]
    pinned = {f"{each['repository']}:{each['tag']}": each["digest"] for each in named}
    assert pinned == digests(published)
    about = yaml.safe_load(helm("show", "chart", chart, "--version", versions.PRODUCT))
    listed = json.loads(about["annotations"]["artifacthub.io/images"])
    assert {each["image"] for each in listed} == {"@".join(each) for each in pinned.items()}


def test_the_published_chart_says_what_the_one_in_the_repository_says(published: str) -> None:
    """Comments included, but for the lines that name the images."""
    chart = f"oci://{published}/charts/program-user-info-operator"
    said = helm("show", "values", chart, "--version", versions.PRODUCT)
    ours = helm("show", "values", "charts/program-user-info-operator")
    names = re.compile(r"\s+(repository|tag|digest): ")
    kept = [line for line in said.splitlines() if not names.match(line)]
    assert kept == [line for line in ours.splitlines() if not names.match(line)]


def test_the_published_chart_has_its_readme(published: str) -> None:
    chart = f"oci://{published}/charts/program-user-info-operator"
    said = helm("show", "readme", chart, "--version", versions.PRODUCT)
    assert "| `job.namespaces` |" in said


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_has_its_sbom_beside_it(published: str, name: str, tmp_path: Path) -> None:
    image = "program-user-info-job" if "job" in name else name
    found = json.loads(oras("discover", f"{published}/{image}:{IMAGES[name]}", "--format", "json"))
    (sbom,) = found["referrers"]
    assert sbom["artifactType"] == SBOM_TYPE
    oras("pull", sbom["reference"], "--output", str(tmp_path))
    document = json.loads((tmp_path / "sbom.cdx.json").read_text(encoding="utf-8"))
    listed = {each["name"]: each["version"] for each in document["components"]}
    assert "libc6" in listed  # Debian's packages are told by the image itself
    if image == name:
        assert "kopf" in listed
    else:
        assert listed["apache-flink"].startswith(name.removeprefix("job "))


def test_what_has_been_published_does_not_change_when_it_is_published_again(
    published: str, tmp_path: Path
) -> None:
    before = digests(published)
    said = publish(published, "PLATFORMS=linux/amd64")
    assert digests(published) == before
    for tag, digest in before.items():
        assert f"{tag}@{digest}" in said.splitlines()
        assert len(json.loads(oras("discover", tag, "--format", "json"))["referrers"]) == 1
