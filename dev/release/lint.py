"""Linters of what is not Python: the chart, the objects that it makes, the workflows."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from dev.cluster.chart_release import CHART
from dev.cluster.toolchain import programs
from dev.paths import REPOSITORY
from dev.steps import StepFailed, capture

EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
_EXPLAINED = REPOSITORY / "docs" / "security.md"
_CRITICAL = re.compile(r"^\[CRITICAL\] (?P<where>.*?): (?:\(\w+\) )?(?P<finding>.*)$", re.MULTILINE)
_EVERYTHING = (
    "--set=job.namespaces={jobs}",
    "--set=job.networkPolicy.enabled=true,job.podDisruptionBudget.enabled=true",
)


def lint() -> None:
    """Run all of them. Raises `StepFailed` with what they found."""
    programs.build_helm()
    programs.build_linters()
    helm = programs.HELM / "helm"
    for values in ((), *(("--values", file) for file in EXAMPLES)):
        capture([helm, "lint", "--strict", "--quiet", CHART, *values])
    _judge_objects()
    capture([programs.ACTIONLINT / "actionlint"], cwd=REPOSITORY)
    zizmor = Path(sys.executable).parent / "zizmor"
    capture([zizmor, "--offline", "--no-progress", "--quiet", "."], cwd=REPOSITORY)


def explained(page: str) -> set[str]:
    """The findings in the page's table, in kube-score's words."""
    table = page.partition("| kube-score's critical finding |")[2].partition("\n\n")[0]
    return set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))


def critical(said: str) -> Iterator[tuple[str, str]]:
    """Each critical finding of kube-score's `ci` output: where, and what."""
    for found in _CRITICAL.finditer(said):
        yield found["where"], found["finding"]


def _judge_objects() -> None:
    """Each critical finding is one that docs/security.md explains, and it explains no other."""
    template = (programs.HELM / "helm", "template", "release", CHART, "--kube-version=1.34.0")
    rendered = capture([*template, "--namespace=operator", *_EVERYTHING])
    command = [str(programs.KUBE_SCORE / "kube-score"), "score", "-", "--output-format", "ci"]
    # It exits with 1 for any critical finding.
    said = capture(command, stdin=rendered.encode(), status=(0, 1))
    compare(list(critical(said)), explained(_EXPLAINED.read_text(encoding="utf-8")))


def compare(found: list[tuple[str, str]], known: set[str]) -> None:
    """Raise `StepFailed` unless the findings are exactly those that are explained."""
    new = [f"{where}: {finding}" for where, finding in found if finding not in known]
    gone = sorted(known - {finding for _, finding in found})
    if new or gone:
        raise StepFailed(
            "kube-score's critical findings are not those that docs/security.md explains:\n"
            + "\n".join([*(f"new: {each}" for each in new), *(f"gone: {each}" for each in gone)])
        )
