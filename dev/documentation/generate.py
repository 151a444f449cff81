"""Files that are generated and committed; a test proves them up to date."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import yaml

from dev.documentation.commands_page import commands_page
from dev.documentation.metrics_page import metrics_page
from dev.documentation.prose import style_page
from dev.documentation.reference import reference_page
from dev.paths import REPOSITORY
from program_user_info_operator.api.crd import custom_resource_definition

_CHART = REPOSITORY / "charts" / "program-user-info-operator"
CRD_FILES = (
    REPOSITORY / "crds" / "programuserinfojobs.lern.sunbird.org.yaml",
    _CHART / "files" / "crd.yaml",
)
CHART_README = _CHART / "README.md"
DOCS = REPOSITORY / "docs"
_VALUES_HEADING = "## Values\n"
_VALUES_PAGE = """# Chart values

All values of the chart `program-user-info-operator`. Put yours into a file, and pass it with
`--values`. The chart refuses a value that it does not know.

This page is generated from the chart's `values.yaml` (`make generate`).
"""
_VALUES_FOOT = """## Where to go next

- [Installing](installing.md): which values to look at first.
- [Environments](environments.md): the profiles in `environments`.
- [Going to production](production.md): what to decide before real events.
"""


class Value(NamedTuple):
    """A value of the chart, its comment and its default."""

    name: str
    meaning: str
    default: str


def crd_text() -> str:
    """The CRD as YAML."""
    document = custom_resource_definition()
    return yaml.safe_dump(document, sort_keys=False, width=100, allow_unicode=True)


def chart_readme() -> str:
    """The chart's README: what a person wrote, then the values with the comments above them."""
    written = CHART_README.read_text(encoding="utf-8").partition(_VALUES_HEADING)[0]
    return f"{written}{_VALUES_HEADING}\n" + "\n".join(_values_table(_all_values())) + "\n"


def values_page() -> str:
    """Markdown: the chart's values with a heading for each section, single values first."""
    sections: dict[str, list[Value]] = {"General": []}
    for value in _all_values():
        section, _, rest = value.name.partition(".")
        sections.setdefault(section if rest else "General", []).append(value)
    parts = [_VALUES_PAGE]
    for section, values in sections.items():
        parts += [f"## {section}\n", *_values_table(values), ""]
    return "\n".join([*parts, _VALUES_FOOT])


PAGES = {
    DOCS / "commands.md": commands_page,
    DOCS / "metrics.md": metrics_page,
    DOCS / "reference.md": reference_page,
    DOCS / "style.md": style_page,
    DOCS / "values.md": values_page,
}


def write_all() -> None:
    """Write every generated file."""
    for file in CRD_FILES:
        file.write_text(crd_text(), encoding="utf-8")
    CHART_README.write_text(chart_readme(), encoding="utf-8")
    for page, generated in PAGES.items():
        page.write_text(generated(), encoding="utf-8")


def _all_values() -> list[Value]:
    text = (_CHART / "values.yaml").read_text(encoding="utf-8")
    root = yaml.compose(text)
    assert isinstance(root, yaml.MappingNode)
    return list(_values(root, text.splitlines(), ()))


def _values_table(values: Iterable[Value]) -> list[str]:
    rows = [f"| `{each.name}` | {each.meaning} | `{each.default}` |" for each in values]
    return ["| value | meaning | default |", "| --- | --- | --- |", *rows]


def _values(node: yaml.MappingNode, lines: list[str], path: tuple[str, ...]) -> Iterator[Value]:
    """Name, comment and default of each value that has a comment; the others are sections."""
    for key, value in node.value:
        here = (*path, key.value)
        comment = _comment_above(lines, key.start_mark.line)
        if comment:
            default = yaml.safe_load(yaml.serialize(value))
            yield Value(".".join(here), comment, json.dumps(default, ensure_ascii=False))
        elif isinstance(value, yaml.MappingNode):
            yield from _values(value, lines, here)
        else:
            raise ValueError(f"{'.'.join(here)} in the chart's values has no comment")


def _comment_above(lines: list[str], line: int) -> str:
    words: list[str] = []
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        words.insert(0, lines[line].lstrip().removeprefix("#").strip())
    return " ".join(words)
