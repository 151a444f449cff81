"""What the images hold: CycloneDX documents from the lock file, with licences and the jars."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import metadata
from typing import Any
from xml.etree import ElementTree

from dev.paths import REPOSITORY
from dev.steps import capture

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


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each image, and what it holds beside Debian's packages and our own code."""
    for package, extra in _PACKAGES.items():
        command = ("export", "--quiet", "--frozen", "--no-dev", "--format", "cyclonedx1.5")
        found = json.loads(capture([_UV, *command, "--package", package, *extra]))
        for component in found["components"]:
            component["licenses"] = [{"license": {"name": _licence(component["name"])}}]
        if extra:
            found["components"] += _jars()
        yield package, found


def write() -> None:
    """Write `build/sbom/<image>.cdx.json`, and `licences.md` for people."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = ["| image | component | version | licence |", "| --- | --- | --- | --- |"]
    for name, document in documents():
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
