"""CPU and memory in the field that the installed Flink operator's CRD has."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.desired.resource_fields import fitted_to_crd
from program_user_info_operator.observed.flink_operator import read_flink_operator
from tests.unit.operator.revisions import revision


def crd(**pods: Any) -> dict[str, Any]:
    fields = {"jobManager": {"properties": pods}}
    schema = {"openAPIV3Schema": {"properties": {"spec": {"properties": fields}}}}
    return {"spec": {"versions": [{"name": "v1beta1", "schema": schema}]}}


@pytest.mark.parametrize(
    ("pods", "has_resource"),
    [
        ({"resource": {}}, True),
        ({"resource": {}, "resources": {}}, True),
        ({"resources": {}}, False),
        ({}, True),
    ],
    ids=["up to 1.15", "deprecated", "removed", "no schema"],
)
def test_what_the_crd_has(pods: dict[str, Any], has_resource: bool) -> None:
    assert read_flink_operator(crd(**pods)).has_resource is has_resource


def test_where_the_crd_has_resource_nothing_changes() -> None:
    spec = revision().deployment
    assert fitted_to_crd(spec, has_resource=True) == spec


def test_requests_and_limits_otherwise() -> None:
    before = revision().deployment
    spec = fitted_to_crd(before, has_resource=False)
    assert spec["taskManager"] == {
        "resources": {
            "requests": {"cpu": "1.0", "memory": "2048Mi"},
            "limits": {"memory": "2048Mi"},
        }
    }
    assert spec["jobManager"]["resources"]["requests"] == {"cpu": "1.0", "memory": "1024Mi"}
    assert "resource" in before["taskManager"]
