"""What the images hold: CycloneDX documents from the lock file, the jars, and Debian's packages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from packaging.markers import Marker

from dev import versions
from dev.paths import REPOSITORY
from dev.release import licences
from dev.release.images.builder import Builder
from dev.release.images.catalogue import build_all, product_images
from dev.steps import capture, step

Component = dict[str, Any]

FOLDER = REPOSITORY / "build" / "sbom"
_UV = REPOSITORY / ".tools" / "bin" / "uv"
_CONNECTORS = REPOSITORY / "job" / "connectors"
_MAVEN = "{http://maven.apache.org/POM/4.0.0}"
_APACHE = "Apache-2.0"
_MARKER = "uv:package:marker"
# Where the images run: Linux, and the Python of Debian bookworm.
_IMAGE = {"sys_platform": "linux", "platform_system": "Linux", "python_full_version": "3.11.2"}
# What of our own code is not text.
_COMPILED: Component = {
    "type": "file",
    "name": "program_user_info_job/store/_compiled.abi3.so",
    "version": versions.PRODUCT,
    "description": "compiled from program_user_info_job/store/_compiled.c when the image is built",
    "licenses": [{"license": {"name": "MIT"}}],
}
_MACHINES = {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}
_DPKG = "${Package} ${Version} ${source:Package} ${source:Version}\\n"


def documents(platform: str = "linux/amd64") -> Iterator[tuple[str, dict[str, Any]]]:
    """By image of the catalogue: what it holds beside Debian's packages and our own code.

    The lock file has a group of packages for each generation of Flink, as there is a pom for each.
    The same lock file gives the same document: it names no moment and has no number of its own.
    """
    for name, image in product_images().items():
        generation = _generation(name)
        extra = ("--extra", generation) if generation else ()
        command = ("export", "--quiet", "--frozen", "--no-dev", "--format", "cyclonedx1.5")
        found = json.loads(capture([_UV, *command, "--package", image.name, *extra]))
        found.pop("serialNumber", None)
        found.get("metadata", {}).pop("timestamp", None)
        found["components"] = [
            each for each in found["components"] if _is_installed(each, platform)
        ]
        if generation:
            found["components"] += _jars(generation)
            found["metadata"]["component"]["components"] = [_COMPILED]
        yield name, found


def _generation(name: str) -> str | None:
    """`flink-2` of `job-flink2.2`."""
    _, flink, line = name.partition("-flink")
    return f"flink-{line.partition('.')[0]}" if flink else None


def _is_installed(component: Component, platform: str = "linux/amd64") -> bool:
    markers = [each["value"] for each in component.get("properties", []) if each["name"] == _MARKER]
    image = _IMAGE | {"platform_machine": _MACHINES[platform]}
    return all(Marker(each).evaluate(image) for each in markers)


def write() -> None:
    """Write `build/sbom/<image>.cdx.json`, and `licences.md` for people.

    The images are built if need be: which of Debian's packages are in them, only they can tell.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    builder, images = Builder(), product_images()
    build_all(images.values(), builder)
    lines = ["| image | component | version | licence |", "| --- | --- | --- | --- |"]
    for name, document in documents():
        complete(document, images[name].reference, builder)
        text = json.dumps(document, indent=2)
        (FOLDER / f"program-user-info-{name}.cdx.json").write_text(text, encoding="utf-8")
        for each in document["components"]:
            licence = each["licenses"][0]["license"]["name"]
            lines.append(f"| {name} | {each['name']} | {each['version']} | {licence} |")
    (FOLDER / "licences.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def complete(document: dict[str, Any], reference: str, builder: Builder) -> None:
    """Add Debian's packages and all licences, as the image itself tells them."""
    with step(f"list what is installed in {reference}"):
        said = builder.output(reference, "dpkg-query", "-W", "-f", _DPKG)
        script = Path(licences.__file__).read_text(encoding="utf-8")
        known = json.loads(builder.output(reference, "python3", "-c", script))
    add_licences(document, known)
    document["components"] += [_debian(line) for line in said.splitlines()]


def add_licences(document: dict[str, Any], known: Mapping[str, str]) -> None:
    """Put each package's licence beside it, from what the image says; jars have theirs."""
    for component in document["components"]:
        if "licenses" not in component:
            name = known.get(component["name"], "not installed")
            component["licenses"] = [{"license": {"name": name}}]


def _debian(line: str) -> Component:
    """A package as dpkg lists it: name, version, and both of its source."""
    name, version, source, source_version = line.split()
    purl = f"pkg:deb/debian/{name}@{version}"
    page = f"https://sources.debian.org/copyright/license/{source}/{source_version}/"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "licenses": [{"license": {"name": "free by Debian's guidelines", "url": page}}],
    }


def _jars(generation: str) -> Iterator[Component]:
    """The Kafka connector and Flink's S3 plugin, all of the Apache project."""
    pom = _CONNECTORS / generation / "pom.xml"
    for dependency in ElementTree.parse(pom).iter(f"{_MAVEN}dependency"):
        group, name, version = (
            dependency.findtext(f"{_MAVEN}{part}", "")
            for part in ("groupId", "artifactId", "version")
        )
        purl = f"pkg:maven/{group}/{name}@{version}"
        licences = [{"license": {"name": _APACHE}}]
        yield {
            "type": "library",
            "bom-ref": purl,
            "group": group,
            "name": name,
            "version": version,
            "purl": purl,
            "licenses": licences,
        }
