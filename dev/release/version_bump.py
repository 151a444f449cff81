"""A release: the version in every place that names it, the changelog's section closed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from dev.paths import REPOSITORY
from dev.steps import StepFailed

CHANGELOG = REPOSITORY / "CHANGELOG.md"
_UNRELEASED = "## Unreleased\n"
_VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9a-z.]+)?")
# File -> what precedes the version in it.
PLACES = {
    "pyproject.toml": 'version = "',
    "operator/pyproject.toml": 'version = "',
    "job/pyproject.toml": 'version = "',
    "operator/Dockerfile": "ARG VERSION=",
    "job/Dockerfile": "ARG VERSION=",
    "dev/versions.py": 'PRODUCT = "',
    "charts/program-user-info-operator/Chart.yaml": "ersion: ",
    "docs/quick-start.md": "export VERSION=",
}


def versions() -> Iterator[tuple[str, str]]:
    """Each place, and the version that it names."""
    for name, before in PLACES.items():
        for found in _pattern(before).finditer((REPOSITORY / name).read_text(encoding="utf-8")):
            yield name, found[2]


def set_version(version: str, today: date) -> None:
    """Write the version everywhere and close the changelog's section. Raises `StepFailed`."""
    if not _VERSION.fullmatch(version):
        raise StepFailed(f"VERSION: {version!r} is not a version such as 1.2.0 or 1.2.0-rc.1")
    text = closed(CHANGELOG.read_text(encoding="utf-8"), version, today)
    for name, before in PLACES.items():
        file = REPOSITORY / name
        _rewrite(file, _pattern(before).sub(rf"\g<1>{version}\g<3>", file.read_text("utf-8")))
    _rewrite(CHANGELOG, text)


def notes_of(changelog: str, tag: str) -> str:
    """What the changelog says of a tag's version. Raises `StepFailed` unless it is this version."""
    version = tag.removeprefix("v")
    if {found for _, found in versions()} != {version}:
        raise StepFailed(f"{tag} is not the version that the files name: run make release first")
    section = changelog.partition(f"\n## {version} - ")[2].partition("\n## ")[0]
    if not section:
        raise StepFailed(f"CHANGELOG.md has no section {version}: run make release first")
    return section.partition("\n")[2].strip()


def closed(changelog: str, version: str, today: date) -> str:
    """What was unreleased is the version's. Raises `StepFailed` where there is nothing."""
    notes = changelog.partition(_UNRELEASED)[2].partition("\n## ")[0]
    if not notes.strip():
        raise StepFailed("CHANGELOG.md: nothing under Unreleased; write what users will notice")
    return changelog.replace(_UNRELEASED, f"{_UNRELEASED}\n## {version} - {today:%Y-%m-%d}\n", 1)


def _pattern(before: str) -> re.Pattern[str]:
    return re.compile(rf'(?m)^((?:\w*)?{re.escape(before)}"?)({_VERSION.pattern})("?)$')


def _rewrite(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
