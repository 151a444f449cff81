"""Labels and annotations: the page, the code and the chart name the same ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from dev.paths import REPOSITORY
from program_user_info_operator.api import names
from tests.documentation import OPERATOR, SITE, text_of

CHART = REPOSITORY / "charts" / "program-user-info-operator"


def test_labels_and_annotations_are_those_of_the_code() -> None:
    known = {value for name, value in vars(names).items() if re.match("LABEL|ANNOTATION", name)}
    named = set(re.findall(rf"{re.escape(names.GROUP)}/(?!v\d)[a-z-]+", SITE))
    assert named == known


def test_the_page_of_labels_and_annotations_has_each_one_and_no_other() -> None:
    page = text_of("labels-and-annotations")
    first_columns = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    listed = {name for name in first_columns if "/" in name}
    known = {value for name, value in vars(names).items() if re.match("LABEL|ANNOTATION", name)}
    assert {each for each in listed if each.startswith(names.GROUP)} == known
    # What chart and controller write, as rendered; what they name besides, as it is written.
    written = re.compile(
        r"(?<![/.\w-])(?:app\.|rbac\.authorization\.)?(?:kubernetes|k8s|helm)\.(?:io|sh)/"
        r"(?!v\d)[a-z.-]*[a-z]\b(?!-)"
    )
    files = [*CHART.glob("templates/**/*.*"), *OPERATOR.rglob("*.py")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    used = set(written.findall(text))
    for file in REPOSITORY.glob("tests/golden/*.yaml"):
        for document in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            used |= {name for name in _labels_and_annotations(document) if "/" in name}
    assert listed - known == used - known


def _labels_and_annotations(document: Any) -> Iterator[str]:
    """Names of the labels and annotations of an object and of its pods' templates."""
    if isinstance(document, list):
        for each in document:
            yield from _labels_and_annotations(each)
    elif isinstance(document, dict):
        metadata = document.get("metadata")
        for part in ("labels", "annotations"):
            yield from (metadata.get(part) or {}) if isinstance(metadata, dict) else ()
        for each in document.values():
            yield from _labels_and_annotations(each)
