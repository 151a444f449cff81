"""Versions, the changelog, and what the images hold."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dev import release, supply_chain
from dev.steps import StepFailed

TODAY = date(2026, 1, 31)


def test_every_place_names_the_same_version() -> None:
    found = list(release.versions())
    assert {name for name, _ in found} == set(release.PLACES)
    assert len({version for _, version in found}) == 1
    assert len(found) == len(release.PLACES) + 1  # the chart's own version, and the application's


def test_a_release_closes_the_changelogs_section() -> None:
    before = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 1.0.0 - 2026-01-01\n\n- Old.\n"
    assert release.closed(before, "1.1.0", TODAY) == (
        "# Changelog\n\n## Unreleased\n\n## 1.1.0 - 2026-01-31\n\n- New.\n\n"
        "## 1.0.0 - 2026-01-01\n\n- Old.\n"
    )


def test_a_release_of_nothing_is_refused() -> None:
    with pytest.raises(StepFailed, match="nothing under Unreleased"):
        release.closed("## Unreleased\n\n## 1.0.0 - 2026-01-01\n\n- Old.\n", "1.1.0", TODAY)


def test_a_release_names_its_version_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in release.PLACES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((release.REPOSITORY / name).read_text("utf-8"))
    (tmp_path / "CHANGELOG.md").write_text("## Unreleased\n\n- New.\n")
    monkeypatch.setattr(release, "REPOSITORY", tmp_path)
    monkeypatch.setattr(release, "CHANGELOG", tmp_path / "CHANGELOG.md")
    release.set_version("9.8.7-rc.1", TODAY)
    assert {version for _, version in release.versions()} == {"9.8.7-rc.1"}
    with pytest.raises(StepFailed, match="no version such as"):
        release.set_version("next", TODAY)


def test_the_images_components_are_listed_with_licences() -> None:
    documents = dict(supply_chain.documents())
    assert {"kopf", "kubernetes"} <= names(documents["program-user-info-operator"])
    assert {"apache-flink", "cassandra-driver", "flink-connector-kafka"} <= names(
        documents["program-user-info-job"]
    )
    for document in documents.values():
        assert document["bomFormat"] == "CycloneDX"
        for component in document["components"]:
            assert component["purl"].endswith(component["version"])
            licence = component["licenses"][0]["license"]["name"]
            assert licence not in ("not installed here", "not declared"), component["name"]


def test_a_package_of_debian_leads_to_its_sources_licence() -> None:
    component = supply_chain._debian("libc6 2.36-9 glibc 2.36-9")
    assert component["purl"] == "pkg:deb/debian/libc6@2.36-9"
    licence = component["licenses"][0]["license"]
    assert licence["url"] == "https://sources.debian.org/copyright/license/glibc/2.36-9/"


def test_what_linux_does_not_install_is_not_listed() -> None:
    marked = {"properties": [{"name": "uv:package:marker", "value": "sys_platform == 'win32'"}]}
    assert not supply_chain._is_for_linux(marked)
    assert supply_chain._is_for_linux({})


def names(document: supply_chain.Component) -> set[str]:
    return {component["name"] for component in document["components"]}
