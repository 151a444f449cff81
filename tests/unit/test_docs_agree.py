"""What the documentation names exists in the code, and what the code offers is documented."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from dev.documentation.commands_page import commands
from dev.documentation.metrics_page import metrics_page
from dev.paths import REPOSITORY
from program_user_info_job.event.rejection import Reason
from program_user_info_job.pipeline.sql import insert_dml
from program_user_info_operator.api import names
from program_user_info_operator.api.crd import custom_resource_definition
from program_user_info_operator.api.status import Condition, Outcome, Stage
from tests.documentation import (
    CODE,
    DOCS,
    PAGES,
    PRESENT,
    SITE,
    WITHOUT_NEXT,
    reasons_in_code,
    text_of,
)

CHART = REPOSITORY / "charts" / "program-user-info-operator"
# What is read besides the pages of the site.
BESIDE = [*REPOSITORY.glob("charts/**/*.md"), *REPOSITORY.glob("gitops/**/*.md")]
ALL = [*PAGES, *BESIDE]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def ids(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


def anchors(page: Path) -> set[str]:
    """The page's headings as links name them, on the site and on the forge alike."""
    text = page.read_text(encoding="utf-8")
    for snippet in re.findall(r'^--8<-- "([^"]+)"', text, re.MULTILINE):
        text += (REPOSITORY / snippet).read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", ALL, ids=ids)
def test_each_link_leads_to_a_heading_that_there_is(page: Path) -> None:
    wrong = []
    for file, anchor in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        target = (page.parent / file) if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(f"{file}#{anchor}")
    assert wrong == []


def test_each_page_is_linked_from_another_one() -> None:
    linked = {
        (page.parent / file).resolve()
        for page in ALL
        for file, _ in LINK.findall(page.read_text(encoding="utf-8"))
        if file
    }
    alone = {page for page in DOCS.glob("*.md") if page.resolve() not in linked}
    assert {page.stem for page in alone} <= {"index", *WITHOUT_NEXT}


def test_no_diagram_has_what_mermaid_reads_in_another_way() -> None:
    """A semicolon ends a statement, even inside of a message.

    `dateFormat X` is read as seconds, but its tasks begin at milliseconds: all of them at once.
    """
    diagrams = {
        ids(page): re.findall(r"```mermaid\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        for page in PAGES
    }
    assert sum(map(len, diagrams.values())) >= 6
    wrong = re.compile(r";|dateFormat X")
    assert [page for page, found in diagrams.items() if wrong.search("".join(found))] == []


# The resource ------------------------------------------------------------------------------------


def fields(schema: dict[str, Any], path: str) -> Iterator[str]:
    """Paths of all fields, through lists of objects as well, but not into a free-form one."""
    for name, field in schema.get("items", schema).get("properties", {}).items():
        yield f"{path}.{name}"
        if "x-kubernetes-preserve-unknown-fields" not in field:
            yield from fields(field, f"{path}.{name}")


def test_the_reference_has_every_field_and_no_other() -> None:
    schema = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    known = {
        path for name in ("spec", "status") for path in fields(schema["properties"][name], name)
    }
    pieces = re.split(r"^## ((?:spec|status)[\w.]*)$", text_of("reference"), flags=re.MULTILINE)[1:]
    told: set[str] = set()
    for section, text in pairwise(pieces):
        for name in re.findall(r"^\| \[?`([\w.]+)`", text, re.MULTILINE):
            path = f"{section}.{name}"
            # Secrets are one line: the section and its only field.
            told |= {path, path.removesuffix(".secretName")}
    assert told == known


def test_every_field_has_a_meaning() -> None:
    row = re.compile(r"^\| \[?`([\w.]+)`.*\| *([^|]*) \|$", re.MULTILINE)
    assert [name for name, meaning in row.findall(text_of("reference")) if not meaning] == []


def test_the_conditions_are_told_and_no_others() -> None:
    table = text_of("concepts").partition("## Conditions")[2].partition("\n## ")[0]
    known = set(get_args(Condition.model_fields["type"].annotation))
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == known
    reasons = text_of("troubleshooting").partition("## By reason")[2]
    headings = set(re.findall(r"^### (\w+)$", reasons, re.MULTILINE))
    assert headings == known


def test_the_states_of_a_revision_and_of_a_rollout_are_drawn() -> None:
    revision, rollout = re.findall(
        r"stateDiagram-v2\n(.*?)```", text_of("upgrades"), re.MULTILINE | re.DOTALL
    )
    states = re.compile(r"\b([A-Z]\w+)(?= -->|(?::|$))", re.MULTILINE)
    assert set(states.findall(revision)) == set(Outcome)
    assert set(states.findall(rollout)) | {Stage.EXEMPT} == set(Stage)
    assert f"`{Stage.EXEMPT}`" in text_of("upgrades")


# Words in capitals -------------------------------------------------------------------------------


def test_a_word_in_capitals_is_a_reason_or_a_setting_of_the_code() -> None:
    named = {
        token
        for page in PRESENT
        for token in CODE.findall(page.read_text(encoding="utf-8"))
        if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", token)
    }
    schema = json.dumps(custom_resource_definition())
    variables = {
        str(variable)
        for _, _, command in commands()
        for parameter in command.params
        for variable in [getattr(parameter, "envvar", None)]
        if variable
    }
    known = set(Reason) | variables | set(re.findall(r"[A-Z]+(?:_[A-Z]+)+", schema))
    # Of the development environment.
    known |= {"FLINK_OPERATOR_HOME", "DEV_KUBECONFIG"}
    assert named - known == set()
    assert variables <= set(CODE.findall(SITE))


def test_a_word_in_camel_case_is_a_reason_an_alert_a_kind_or_a_value() -> None:
    named = {
        token: page.stem
        for page in PRESENT
        for token in CODE.findall(page.read_text(encoding="utf-8"))
        if re.fullmatch(r"([A-Z][a-z0-9]+){2,}", token)
    }
    alerts = set(
        re.findall(r"- alert: (\w+)", (CHART / "templates/alerts.yaml").read_text(encoding="utf-8"))
    )
    kinds = {names.KIND, "FlinkDeployment", "ConfigMap"}
    known = reasons_in_code() | alerts | kinds | set(Outcome) | set(Stage) | {"IfNotPresent"}
    assert {token: page for token, page in named.items() if token not in known} == {}


def test_the_dead_letters_headers_are_told() -> None:
    text = text_of("mapping").partition("## Rejected events")[2].partition("\n| ")[0]
    made = re.findall(r"^ +'([a-z-]+)', ENCODE", insert_dml(), re.MULTILINE)
    assert made
    assert sorted(re.findall(r"`([a-z]+(?:-[a-z]+)?)`", text)) == sorted(made)


def test_every_metric_that_an_alert_or_a_runbook_asks_for_has_its_line() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", metrics_page(), re.MULTILINE))
    alerts = (CHART / "templates" / "alerts.yaml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\bprogram_user_info_operator_\w+", alerts))
    assert asked
    assert {re.sub(r"_(bucket|count|sum)$", "", each) for each in asked} <= listed


# Commands ----------------------------------------------------------------------------------------


def test_every_verb_of_the_plugin_is_in_the_table_and_no_other() -> None:
    verbs = {name for program, name, _ in commands() if program == "kubectl puij"}
    table = text_of("operating").partition("## Change a job")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`kubectl puij.*?) \|", table, re.MULTILINE)
    told = {verb for row in rows for verb in re.findall(r"`kubectl puij (\S+?)[ `]", row)}
    assert told == verbs


def test_every_command_is_in_the_readmes_table_and_no_other() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for program in ("program-user-info-operator", "program-user-info-job"):
        known = {name for found, name, _ in commands() if found == program}
        assert set(re.findall(rf"^\| `{program} ([a-z-]+)", readme, re.MULTILINE)) == known


def test_make_has_the_targets_that_are_named_and_each_is_named() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    shell = "\n".join(re.findall(r"^```sh\n(.*?)^```", SITE, re.MULTILINE | re.DOTALL))
    lines = [*CODE.findall(SITE), *shell.splitlines()]
    named: set[str] = set()
    for line in lines:
        for found in re.findall(
            r"(?:^|[\s(])make(?: -s| --silent)?((?: +[a-z][a-z-]*)+)", line.partition("#")[0]
        ):
            named |= set(found.split())
    assert named == targets


# Files and values --------------------------------------------------------------------------------


def test_each_file_that_is_named_exists() -> None:
    roots = [REPOSITORY, *REPOSITORY.glob("*/src/program_user_info_*")]
    tops = {each.name for root in roots for each in root.iterdir() if each.is_dir()}
    tops -= {"build", ".venv"}
    wrong = [
        f"{ids(page)}: {token}"
        for page in ALL
        for token in CODE.findall(page.read_text(encoding="utf-8"))
        if re.fullmatch(r"[\w.-]+(/[\w.*-]+)+/?", token) and token.partition("/")[0] in tops
        if not any([*root.glob(token), *root.glob(f"{token}.py")] for root in roots)
    ]
    assert wrong == []


def test_each_value_of_the_chart_that_is_named_exists() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    schema = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    known = set(_paths(values, ""))
    known |= {path.partition(".")[2] for path in fields(schema["properties"]["spec"], "spec")}
    shell = re.findall(r"--set(?:-string|-json)?[ =]'?([\w.]+)=", SITE)
    prose = [
        token
        for token in CODE.findall(SITE)
        if re.fullmatch(r"[a-zA-Z]+(\.[a-zA-Z]+)+", token) and token.partition(".")[0] in values
    ]
    # The Flink operator's chart has values of its own; the others are Flink's options.
    named = {each for each in {*shell, *prose} if not each.startswith("job.autoscaler.")}
    named -= {"webhook.create"}
    assert {each for each in named if each not in known} == set()


def _paths(values: dict[str, Any], above: str) -> Iterator[str]:
    for name, value in values.items():
        yield f"{above}{name}"
        if isinstance(value, dict):
            yield from _paths(value, f"{above}{name}.")


def test_each_panel_that_a_runbook_names_is_in_a_dashboard() -> None:
    panels = {
        panel["title"]
        for file in CHART.glob("dashboards/*.json")
        for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]
    }
    quoted = {
        title
        for page in DOCS.glob("runbooks/*.md")
        for title in re.findall(r'"([A-Z][^"]+)"', page.read_text(encoding="utf-8"))
    }
    assert quoted
    assert quoted - panels == set()
