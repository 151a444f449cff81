"""Versions, the changelog, and what the images hold."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dev import versions
from dev.paths import REPOSITORY
from dev.release import licences, supply_chain, version_bump
from dev.steps import StepFailed, capture

TODAY = date(2026, 1, 31)


def test_every_place_names_the_same_version() -> None:
    found = list(version_bump.versions())
    assert {name for name, _ in found} == set(version_bump.PLACES)
    assert len({version for _, version in found}) == 1
    assert (
        len(found) == len(version_bump.PLACES) + 1
    )  # the chart's own version, and the application's


def test_a_release_closes_the_changelogs_section() -> None:
    before = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 1.0.0 - 2026-01-01\n\n- Old.\n"
    assert version_bump.closed(before, "1.1.0", TODAY) == (
        "# Changelog\n\n## Unreleased\n\n## 1.1.0 - 2026-01-31\n\n- New.\n\n"
        "## 1.0.0 - 2026-01-01\n\n- Old.\n"
    )


def test_a_release_of_nothing_is_refused() -> None:
    with pytest.raises(StepFailed, match="nothing under Unreleased"):
        version_bump.closed("## Unreleased\n\n## 1.0.0 - 2026-01-01\n\n- Old.\n", "1.1.0", TODAY)


def test_the_notes_of_a_tag_are_its_section() -> None:
    version = versions.PRODUCT
    sections = f"## {version} - 2026-01-31\n\n- New.\n\n## 0.0.1 - 2025-01-01\n\n- Old.\n"
    changelog = f"# Changelog\n\n## Unreleased\n\n{sections}"
    assert version_bump.notes_of(changelog, f"v{version}") == "- New."
    with pytest.raises(StepFailed, match="is not the version that the files name"):
        version_bump.notes_of(changelog, "v9.9.9")
    with pytest.raises(StepFailed, match=f"has no section {version}"):
        version_bump.notes_of("# Changelog\n", f"v{version}")


def test_a_release_names_its_version_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in version_bump.PLACES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((REPOSITORY / name).read_text("utf-8"))
    (tmp_path / "CHANGELOG.md").write_text("## Unreleased\n\n- New.\n")
    monkeypatch.setattr(version_bump, "REPOSITORY", tmp_path)
    monkeypatch.setattr(version_bump, "CHANGELOG", tmp_path / "CHANGELOG.md")
    version_bump.set_version("9.8.7-rc.1", TODAY)
    assert {version for _, version in version_bump.versions()} == {"9.8.7-rc.1"}
    with pytest.raises(StepFailed, match="not a version such as"):
        version_bump.set_version("next", TODAY)


def test_the_images_components_are_listed() -> None:
    documents = dict(supply_chain.documents())
    assert documents.keys() == {"operator", "job-flink1.20", "job-flink2.2"}
    assert {"kopf", "kubernetes"} <= names(documents["operator"])
    for line in versions.FLINK_LINES:
        found = documents[f"job-flink{line}"]["components"]
        assert {"cassandra-driver", "flink-connector-kafka"} <= {each["name"] for each in found}
        (flink,) = (each for each in found if each["name"] == "apache-flink")
        assert flink["version"].startswith(f"{line}.")
    for document in documents.values():
        assert document["bomFormat"] == "CycloneDX"
        for component in document["components"]:
            assert component["purl"].endswith(component["version"])


def test_what_is_compiled_of_our_own_code_is_named_in_the_image_that_holds_it() -> None:
    for name, document in supply_chain.documents():
        own = document["metadata"]["component"].get("components", [])
        assert [each["version"] for each in own] == [versions.PRODUCT] * name.startswith("job")
        for each in own:
            source = REPOSITORY / "job" / "src" / each["name"]
            assert source.with_name(source.name.replace(".abi3.so", ".c")).exists()


@pytest.mark.parametrize("image", ["operator", "job-flink1.20"])
def test_every_component_has_a_licence(image: str) -> None:
    document = dict(supply_chain.documents())[image]
    script = Path(licences.__file__).read_text("utf-8")
    supply_chain.add_licences(document, json.loads(capture([sys.executable, "-c", script])))
    for component in document["components"]:
        licence = component["licenses"][0]["license"]["name"]
        assert licence not in ("not installed", "not declared"), component["name"]


def test_a_package_that_the_image_lacks_is_said_to() -> None:
    document: dict[str, Any] = {"components": [{"name": "a"}, {"name": "b"}]}
    supply_chain.add_licences(document, {"a": "MIT"})
    said = [each["licenses"][0]["license"]["name"] for each in document["components"]]
    assert said == ["MIT", "not installed"]


def test_a_package_of_debian_leads_to_its_sources_licence() -> None:
    component = supply_chain._debian("libc6 2.36-9 glibc 2.36-9")
    assert component["purl"] == "pkg:deb/debian/libc6@2.36-9"
    licence = component["licenses"][0]["license"]
    assert licence["url"] == "https://sources.debian.org/copyright/license/glibc/2.36-9/"


@pytest.mark.parametrize(
    ("marker", "is_installed"),
    [
        (None, True),
        ("sys_platform == 'win32'", False),
        ("python_full_version < '3.11.3'", True),
        ("python_full_version >= '3.11.3'", False),
    ],
)
def test_what_the_images_python_does_not_install_is_not_listed(
    marker: str | None, is_installed: bool
) -> None:
    properties = [{"name": "uv:package:marker", "value": marker}] if marker else []
    assert supply_chain._is_installed({"properties": properties}) is is_installed


def names(document: supply_chain.Component) -> set[str]:
    return {component["name"] for component in document["components"]}
