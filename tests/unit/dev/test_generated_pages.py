"""What the generated pages tell of the code: bounds of fields, labels of metrics."""

from __future__ import annotations

import json
import re

import pytest
from prometheus_client import REGISTRY

from dev.documentation.metrics_page import controller_metrics, metrics_page
from dev.documentation.reference import reference_page
from program_user_info_operator import metrics
from program_user_info_operator.api.crd import custom_resource_definition

_JOB = ("job_namespace", "lern_sunbird_org_job")


def test_a_bound_that_is_refused_itself_is_told_as_one() -> None:
    """The API server refuses 0 where it says `exclusiveMinimum`."""
    page = reference_page()
    assert "| `cpu` | number above 0, up to 128 |" in page
    assert "| `ttl` | integer, 0 to 630720000 |" in page
    exclusive = json.dumps(custom_resource_definition()).count('"exclusiveMinimum": true')
    assert len(re.findall(r"\| \w+ above \d+, up to \d+ \|", page)) == exclusive > 0


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("api_requests_total", ("verb", "code")),
        ("job_ready", _JOB),
        ("job_stalled", (*_JOB, "reason")),
        ("queue_depth", ()),
        ("reconcile_duration_seconds", ()),
    ],
)
def test_a_metric_of_the_controller_has_its_labels(name: str, labels: tuple[str, ...]) -> None:
    found = {each.name: each for each in controller_metrics()}[f"{metrics.PREFIX}_{name}"]
    assert found.labels == labels
    shown = ", ".join(f"`{label}`" for label in labels)
    assert f"| `{found.name}` | {found.kind} | {shown} | {found.meaning} |" in metrics_page()


def test_no_metric_of_the_controller_is_missing() -> None:
    listed = {each.name.removesuffix("_total") for each in controller_metrics()}
    served = {family.name for family in REGISTRY.collect()}
    assert {name for name in served if name.startswith(metrics.PREFIX)} <= listed
