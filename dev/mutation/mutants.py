"""Mutants of the pure modules: one expression or statement of a module is another one.

The mutation operators are mutmut's. Its runner needs one source folder beside one of tests;
this repository has two of each, so `dev.mutation.trials` runs the tests.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import unified_diff
from itertools import islice
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

from dev.paths import REPOSITORY

_OPERATOR = REPOSITORY / "operator" / "src"
_JOB = REPOSITORY / "job" / "src"
_PURE = (
    *(
        (_OPERATOR, f"program_user_info_operator/{package}/*.py")
        for package in (
            *("desired", "environments", "observed", "policy", "reconcile", "revisions"),
            "rollout",
        )
    ),
    *((_JOB, f"program_user_info_job/{package}/*.py") for package in ("event", "row")),
    (_JOB, "program_user_info_job/record.py"),
    (_JOB, "program_user_info_job/pipeline/program_order.py"),
    (_JOB, "program_user_info_job/store/encode.py"),
    (_JOB, "program_user_info_job/store/gathered_rows.py"),
    (_JOB, "program_user_info_job/store/needed_rows.py"),
)
EXPLAINED = Path(__file__).parent / "equivalent.md"
"""Mutants that change nothing, each with its diff and why."""

_NEVER_RUN = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom)
# Their arguments say something to a reader or to a type checker.
_SAYS_NOTHING = {"cast", "isinstance", "len", "TypeVar"}
_LOGS = {"debug", "info", "warning", "error", "exception"}


@dataclass(frozen=True)
class Mutant:
    """A module with one change. `lines` are those of the statement that it is in."""

    module: str
    file: Path
    text: str
    lines: range
    diff: str
    """Lines that are gone and lines that are new, as in a diff."""


def modules() -> dict[Path, str]:
    """The pure modules' files, and what they are called."""
    found = {
        file: ".".join(file.relative_to(source).with_suffix("").parts)
        for source, pattern in _PURE
        for file in sorted(source.glob(pattern))
        if file.name != "__init__.py"
    }
    assert all(any(source.glob(pattern)) for source, pattern in _PURE)
    return found


class Source:
    """A module's text, and the places in it where something can change."""

    def __init__(self, file: Path, name: str, text: str) -> None:
        self._file, self._name, self._text = file, name, text
        wrapper = MetadataWrapper(cst.parse_module(text))
        self._tree = wrapper.module
        positions = wrapper.resolve(PositionProvider)
        self.places = [
            (node, others, range(positions[within].start.line, positions[within].end.line + 1))
            for node, within in _parts(self._tree, self._tree)
            if (others := _others(node))
        ]

    def mutants(self, place: int) -> Iterator[Mutant]:
        """All that the place can become."""
        node, others, lines = self.places[place]
        for other in others:
            changed = self._tree.deep_replace(node, other)
            assert isinstance(changed, cst.Module)
            code = changed.code
            if _is_another_program(self._text, code):
                yield Mutant(self._name, self._file, code, lines, _diff(self._text, code))


def sample(count: int, seed: int, only: str = "") -> Iterator[Mutant]:
    """One mutant each of this many places, drawn at random."""
    chance = random.Random(seed)
    sources = [
        Source(file, name, file.read_text(encoding="utf-8"))
        for file, name in modules().items()
        if only in name
    ]
    places = [(source, place) for source in sources for place in range(len(source.places))]
    for source, place in chance.sample(places, min(count, len(places))):
        chance.shuffle(source.places[place][1])
        yield from islice(source.mutants(place), 1)


def explained() -> set[tuple[str, str]]:
    """Module's end and diff of each mutant that the page lists."""
    page = EXPLAINED.read_text(encoding="utf-8")
    listed = re.findall(r"^`([\w.]+)`[^\n]*\n+```diff\n(.*?)\n```$", page, re.MULTILINE | re.DOTALL)
    return {(module, "\n".join(map(str.strip, diff.splitlines()))) for module, diff in listed}


def is_explained(mutant: Mutant, known: Iterable[tuple[str, str]]) -> bool:
    """Whether the page lists it."""
    return any(mutant.module.endswith(f".{name}") and mutant.diff == diff for name, diff in known)


def _others(node: cst.CSTNode) -> list[cst.CSTNode]:
    return [
        other
        for kind, operator in mutation_operators
        if isinstance(node, kind)
        for other in operator(node)
    ]


def _parts(node: cst.CSTNode, statement: cst.CSTNode) -> Iterator[tuple[cst.CSTNode, cst.CSTNode]]:
    """Each node that runs, with the statement that it is in."""
    for child in node.children:
        if isinstance(child, _NEVER_RUN) or _is_docstring(child) or _is_said(child):
            continue
        if isinstance(node, cst.ClassDef) and isinstance(child, cst.Arg):
            continue
        within = child if isinstance(child, cst.BaseSmallStatement) else statement
        if isinstance(node, cst.If | cst.While | cst.For | cst.With) and child is not node.body:
            within = child
        yield child, within
        yield from _parts(child, within)


def _is_docstring(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Expr) and isinstance(node.value, cst.BaseString)


def _is_said(node: cst.CSTNode) -> bool:
    """Whether it is a call that decides nothing: a line of the log, a word for the type checker."""
    if not isinstance(node, cst.Call):
        return False
    if isinstance(node.func, cst.Attribute):
        return node.func.attr.value in _LOGS
    return isinstance(node.func, cst.Name) and node.func.value in _SAYS_NOTHING


def _is_another_program(one: str, other: str) -> bool:
    try:
        return ast.dump(ast.parse(one)) != ast.dump(ast.parse(other))
    except SyntaxError:
        return False


def _diff(one: str, other: str) -> str:
    changed = list(unified_diff(one.splitlines(), other.splitlines(), n=0, lineterm=""))[2:]
    return "\n".join(f"{line[0]} {line[1:].strip()}" for line in changed if line[0] in "-+")
