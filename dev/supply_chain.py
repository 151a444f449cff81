"""What the images hold: CycloneDX documents from the lock file, the jars, and Debian's packages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import metadata
from typing import Any
from xml.etree import ElementTree

from packaging.markers import Marker

from dev.images.builder import Builder
from dev.images.catalogue import build_all, product_images
from dev.paths import REPOSITORY
from dev.steps import capture, step

Component = dict[str, Any]

FOLDER = REPOSITORY / "build" / "sbom"
_UV = REPOSITORY / ".tools" / "bin" / "uv"
_PACKAGES = {
    "program-user-info-operator": (),
    "program-user-info-job": ("--extra", "flink-1"),
}
_CONNECTORS = REPOSITORY / "job" / "connectors" / "flink-1" / "pom.xml"
_MAVEN = "{http://maven.apache.org/POM/4.0.0}"
_APACHE = "Apache-2.0"
_MARKER = "uv:package:marker"
_LINUX = {"sys_platform": "linux", "platform_system": "Linux"}
_DPKG = "${Package} ${Version} ${source:Package} ${source:Version}\\n"


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each image, and what it holds beside Debian's packages and our own code."""
    for package, extra in _PACKAGES.items():
        command = ("export", "--quiet", "--frozen", "--no-dev", "--format", "cyclonedx1.5")
        found = json.loads(capture([_UV, *command, "--package", package, *extra]))
        found["components"] = [each for each in found["components"] if _is_for_linux(each)]
        for component in found["components"]:
            component["licenses"] = [{"license": {"name": _licence(component["name"])}}]
        if extra:
            found["components"] += _jars()
        yield package, found


def _is_for_linux(component: Component) -> bool:
    markers = [each["value"] for each in component.get("properties", []) if each["name"] == _MARKER]
    return all(Marker(each).evaluate(_LINUX) for each in markers)


def write() -> None:
    """Write `build/sbom/<image>.cdx.json`, and `licences.md` for people.

    The images are built if need be: which of Debian's packages are in them, only they can tell.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    builder, images = Builder(), {each.name: each for each in product_images().values()}
    build_all(images.values(), builder)
    lines = ["| image | component | version | licence |", "| --- | --- | --- | --- |"]
    for name, document in documents():
        with step(f"list Debian's packages in {images[name].reference}"):
            said = builder.output(images[name].reference, "dpkg-query", "-W", "-f", _DPKG)
        document["components"] += [_debian(line) for line in said.splitlines()]
        text = json.dumps(document, indent=2)
        (FOLDER / f"{name}.cdx.json").write_text(text, encoding="utf-8")
        for each in document["components"]:
            licence = each["licenses"][0]["license"]["name"]
            lines.append(f"| {name} | {each['name']} | {each['version']} | {licence} |")
    (FOLDER / "licences.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _licence(name: str) -> str:
    """As the installed package declares it, by expression, else by classifier, else in words."""
    try:
        found = metadata.metadata(name).json
    except metadata.PackageNotFoundError:
        return "not installed here"
    classifiers = found.get("classifier", [])
    named = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")]
    words = str(found.get("license", "")).strip().partition("\n")[0]
    return str(found.get("license_expression") or ", ".join(named) or words or "not declared")


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


def _jars() -> Iterator[Component]:
    """The Kafka connector and Flink's S3 plugin, all of the Apache project."""
    for dependency in ElementTree.parse(_CONNECTORS).iter(f"{_MAVEN}dependency"):
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
