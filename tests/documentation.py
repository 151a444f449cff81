"""The documentation as the tests read it, and what the code offers to be documented."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from dev.paths import REPOSITORY
from program_user_info_job.failure import FailureReason

DOCS = REPOSITORY / "docs"
PAGES = sorted({*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")})
# Pages that are lists, or whose text stands elsewhere.
WITHOUT_NEXT = {"changelog", "contributing", "style"}
CODE = re.compile(r"`([^`\n]+)`")
OPERATOR = REPOSITORY / "operator" / "src" / "program_user_info_operator"
BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>run|run in order|not run: [^\n]+) -->\n)?^```sh\n(?P<code>.*?)^```$",
    re.M | re.S,
)
# Decisions tell also what was not built, and the changelog what was renamed.
PRESENT = [page for page in PAGES if page.parent.stem != "decisions" and page.stem != "CHANGELOG"]
SITE = "\n".join(page.read_text(encoding="utf-8") for page in PRESENT)


class Block(NamedTuple):
    page: str
    mark: str | None
    code: str


def blocks() -> list[Block]:
    return [
        Block(str(page.relative_to(REPOSITORY)), found["mark"], found["code"])
        for page in PAGES
        for found in BLOCK.finditer(page.read_text(encoding="utf-8"))
    ]


def text_of(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def reasons_in_code() -> set[str]:
    """Reasons of conditions: what verdicts, failures and refusals are made with."""
    found = {str(reason) for reason in FailureReason}
    for file in OPERATOR.rglob("*.py"):
        module = ast.parse(file.read_text(encoding="utf-8"))
        constants = {
            node.targets[0].id: node.value
            for node in module.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in ast.walk(module):
            found |= set(_reasons(node, constants))
    return found - {"Ready", "Reconciling", "Stalled"}


def _reasons(node: ast.AST, constants: dict[str, ast.expr]) -> Iterator[str]:
    makers = {"Verdict", "Failure", "Refusal", "ProfileProblem"}
    name = getattr(getattr(node, "func", None), "id", None)
    places: list[ast.AST] = []
    if isinstance(node, ast.Call) and name in makers:
        places = [
            place
            for each in node.args[:2]
            for place in (ast.walk(each) if isinstance(each, ast.IfExp) else [each])
        ]
    if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "reason":
        places = list(ast.walk(node.value))
    # A reason may stand in a constant of the module.
    places += [
        constants[each.id] for each in places if isinstance(each, ast.Name) and each.id in constants
    ]
    for place in places:
        value = getattr(place, "value", None)
        if isinstance(value, str) and re.fullmatch(r"([A-Z][a-z]+)+", value):
            yield value
        for outcome in ("Refused", "Denied"):
            if isinstance(place, ast.JoinedStr) and ast.unparse(place) == f"f'{{kind}}{outcome}'":
                yield from (f"FlinkDeployment{outcome}", f"ConfigMap{outcome}")
