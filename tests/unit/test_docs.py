"""The documentation: complete, true, linked, and built without a warning."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.documentation.commands_page import commands
from dev.documentation.metrics_page import controller_metrics, flink_metrics, stage_metrics
from dev.paths import REPOSITORY
from program_user_info_job.cli.flatten import Printer
from program_user_info_job.event.rejection import Reason
from program_user_info_job.row.event_to_row import Rules
from program_user_info_job.row.layout import FLAT, MAP
from program_user_info_operator.api.crd import custom_resource_definition
from program_user_info_operator.cli.arguments import JOB_IMAGES, bundle_of
from program_user_info_operator.cli.render import render_job
from tests.documentation import CODE, DOCS, PAGES, WITHOUT_NEXT, reasons_in_code, text_of

OF_THE_SITE = sorted(DOCS.glob("*.md"))
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
EXAMPLE = re.compile(
    r"<!-- event(?:, (?P<setting>[^>]+))? -->\n```json\n(?P<event>.*?)```\n\n"
    r"<!-- outcome -->\n```json\n(?P<outcome>.*?)```",
    re.DOTALL,
)
# What the page calls a setting of the job is a rule of the mapping.
RULES = {
    None: Rules(),
    "cassandra.layout: map": Rules(layout=MAP),
    "cassandra.deletes: apply": Rules(apply_deletes=True),
    "cassandra.missingProfile: write": Rules(write_without_profile=True),
}


def everything() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_each_link_leads_to_a_file(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=REPOSITORY,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "search/search_index.json" in {str(f.relative_to(tmp_path)) for f in tmp_path.rglob("*")}


def test_every_page_is_in_the_navigation() -> None:
    menu = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[2]
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
    assert {page for page in pages if page not in menu} == set()


@pytest.mark.parametrize(
    "page", [*OF_THE_SITE, *DOCS.glob("runbooks/*.md")], ids=lambda page: page.stem
)
def test_each_page_ends_with_where_to_go_next(page: Path) -> None:
    if page.stem not in WITHOUT_NEXT:
        last = page.read_text(encoding="utf-8").rpartition("\n## ")[2]
        assert last.startswith("Where to go next\n")
        assert LINK.search(last)


def test_code_in_a_list_is_indented_by_four() -> None:
    """With less, the site ends the list there, and its next item is text of a paragraph."""
    less = re.compile(r"^ {1,3}```", re.MULTILINE)
    assert [page.name for page in PAGES if less.search(page.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("example", list(EXAMPLE.finditer(text_of("mapping"))), ids=str)
def test_the_mappings_examples_are_true(example: re.Match[str]) -> None:
    event = example["event"].strip().replace("\n", " ").encode()
    found = json.loads(Printer(RULES[example["setting"]]).format(event))
    assert found == json.loads(example["outcome"])


JOB = re.compile(r"^```yaml\n(apiVersion: lern\.sunbird\.org/.*?)^```", re.MULTILINE | re.DOTALL)
JOBS = [job for page in PAGES for job in JOB.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("text", JOBS)
def test_each_job_on_a_page_is_accepted(text: str, tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(text, encoding="utf-8")
    assert "kind: FlinkDeployment" in render_job(file, None, bundle_of(JOB_IMAGES, "sa"), None)


REJECTED = re.compile(r"^\| `(.*)` \| `([A-Z_]+)` \| (.*) \|$", re.MULTILINE)


@pytest.mark.parametrize(
    ("event", "reason", "detail"),
    REJECTED.findall(text_of("mapping").partition("More events that are rejected")[2]),
)
def test_the_mappings_rejections_are_true(event: str, reason: str, detail: str) -> None:
    found = json.loads(Printer(Rules()).format(event.encode()))
    assert found == {"rejected": {"reason": reason, "detail": detail}}


def test_every_setting_and_every_rejection_by_the_mapping_has_an_example() -> None:
    text = text_of("mapping")
    assert {example["setting"] for example in EXAMPLE.finditer(text)} == set(RULES)
    shown = {reason for _, reason, _ in REJECTED.findall(text)}
    # One needs 64 KiB, the other a server.
    assert set(Reason) - shown == {Reason.TOO_LARGE, Reason.REFUSED_BY_CASSANDRA}


def test_the_mapping_tells_every_column_and_every_rejection() -> None:
    named = set(CODE.findall(text_of("mapping")))
    short = re.compile(r"(district|block|cluster|school)_(code|id|name)")
    columns = {column for column in FLAT.columns if not short.fullmatch(column)}
    assert columns <= named
    assert {"district", "block", "cluster", "school", "user_locations"} <= named
    rows = re.findall(r"^\| `([A-Z_]+)` \|", text_of("mapping"), re.MULTILINE)
    assert sorted(rows) == sorted(Reason)


def test_troubleshooting_tells_every_reason_and_no_other() -> None:
    table = text_of("troubleshooting").partition("## By reason")[2]
    first_columns = re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)
    told = {reason for column in first_columns for reason in CODE.findall(column)}
    assert told == reasons_in_code(), "correct the tables in docs/troubleshooting.md"


def test_every_alert_has_a_runbook_and_a_line() -> None:
    template = REPOSITORY / "charts/program-user-info-operator/templates/alerts.yaml"
    text = template.read_text(encoding="utf-8")
    alerts = set(re.findall(r"- alert: (\w+)", text))
    runbooks = set(re.findall(r'operator\.runbook" \(list \$ "([a-z-]+)"', text))
    assert runbooks == {page.stem for page in (DOCS / "runbooks").glob("*.md")}
    titles = {page.read_text(encoding="utf-8").splitlines()[0] for page in DOCS.glob("runbooks/*")}
    assert titles == {f"# {alert}" for alert in alerts}
    assert set(re.findall(r"`(ProgramUserInfo[A-Z]\w+)`", text_of("operating"))) == alerts


def test_no_metric_is_named_that_there_is_not() -> None:
    known = (
        {metric.name for metric in controller_metrics()} | set(stage_metrics()) | flink_metrics()
    )
    named = re.compile(r"\b(?:program_user_info_operator_\w+|flink_(?:job|task)manager_\w+)")
    assert {name for name in named.findall(everything()) if name not in known} == set()


def test_no_command_or_option_is_named_that_there_is_not() -> None:
    options = {
        (program, name): {
            each for parameter in command.params for each in (*parameter.opts, "--help")
        }
        | {each for parameter in command.params for each in parameter.secondary_opts}
        for program, name, command in commands()
    }
    program = r"\b(program-user-info-(?:operator|job)|kubectl puij)"
    used = re.compile(program + r" ([a-z][a-z-]*)((?: +\\?\n? *[^|`\n]+)?)")
    # What follows `--` is a command of the job.
    inside = re.compile(r"(kubectl puij job\b[^`\n]*?) -- (?=[a-z])")
    text = inside.sub(r"\1 | program-user-info-job ", everything())
    wrong = []
    for program, name, rest in used.findall(text):
        if (program, name) not in options:
            wrong.append(f"{program} {name}")
            continue
        wrong += [
            f"{program} {name} {option}"
            for option in re.findall(r"(?<![\w-])--[a-z-]+", rest.partition(" | ")[0])
            if option not in options[program, name]
        ]
    # Sentences and paths that are no command lines.
    assert [each for each in wrong if not re.search(r" (charts|resources|and|the)$", each)] == []


def fields(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, field in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here
        yield from fields(field, here)


def test_no_field_is_named_that_there_is_not() -> None:
    schema = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    spec, status = schema["properties"]["spec"], schema["properties"]["status"]
    known = set(fields(spec)) | {f"status.{field}" for field in fields(status)}
    sections = {path.partition(".")[0] for path in fields(spec) if "." in path} | {"status"}
    values = REPOSITORY / "charts/program-user-info-operator/values.yaml"
    document = yaml.safe_load(values.read_text(encoding="utf-8"))
    named = {
        token.removeprefix("spec.")
        # Decisions name the FlinkDeployment's fields as well.
        for page in PAGES
        if page.parent.stem != "decisions"
        for token in CODE.findall(page.read_text(encoding="utf-8"))
        if re.fullmatch(r"(spec\.)?[a-z]\w*(\.\w+)+", token)
    }
    wrong = {
        path
        for path in named
        if path.partition(".")[0] in sections
        and path not in known
        and path.partition(".")[0] not in document
        and not path.startswith("status.conditions")
    }
    assert wrong == set()


@pytest.mark.parametrize("word", ["contract.md", "design contract", "issue", "session"])
def test_nothing_is_cited_that_the_reader_does_not_have(word: str) -> None:
    pages = [page for page in OF_THE_SITE if page.stem != "style"]
    assert [p.name for p in pages if re.search(rf"\b{word}\b", p.read_text(encoding="utf-8"))] == []
