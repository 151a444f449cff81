"""What the installed Flink operator supports, by its CRD."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.observed.flink_operator import FlinkOperator, read_flink_operator


@pytest.mark.parametrize(
    ("versions", "version", "newest"),
    [
        (["v1_9", "v1_19"], "v1_20", "v1_19"),
        (["v1_19", "v2_0"], "v2_2", "v2_0"),
        (["v1_20"], "v1_20", None),
        ([], "v9_9", None),
    ],
)
def test_a_version_that_the_flink_operator_does_not_know(
    versions: list[str], version: str, newest: str | None
) -> None:
    field = {"enum": versions} if versions else {}
    schema = {"properties": {"spec": {"properties": {"flinkVersion": field}}}}
    served = [{"name": "v1"}, {"name": "v1beta1", "schema": {"openAPIV3Schema": schema}}]
    refusal = read_flink_operator({"spec": {"versions": served}}).refusal(version)
    assert (refusal is None) is (newest is None)
    assert newest is None or f"its newest is {newest})" in (refusal or "")


def test_a_crd_of_another_version_refuses_nothing() -> None:
    assert read_flink_operator({"spec": {"versions": [{"name": "v1"}]}}).refusal("v1_20") is None


def crd(**fields: Any) -> dict[str, Any]:
    """Of FlinkDeployment, with these fields in its spec."""
    properties = {"spec": {"properties": fields}}
    schema = {"openAPIV3Schema": {"properties": properties}}
    return {"spec": {"versions": [{"name": "v1beta1", "schema": schema}]}}


@pytest.mark.parametrize(
    ("pods", "has_resource"),
    [
        (["resource"], True),
        (["resource", "resources"], True),
        (["resources"], False),
        (["replicas"], True),
        ([], True),
    ],
)
def test_which_field_the_pods_resources_are_told_in(pods: list[str], has_resource: bool) -> None:
    """A CRD that says nothing of them is taken for one of those that there have always been."""
    fields: dict[str, Any] = {"jobManager": {"properties": {name: {} for name in pods}}}
    assert read_flink_operator(crd(**fields)).has_resource is has_resource


@pytest.mark.parametrize("schema", [None, {}, {"openAPIV3Schema": {"properties": None}}])
def test_a_crd_without_a_schema_is_taken_to_allow_everything(schema: Any) -> None:
    versions = [{"name": "v1beta1", "schema": schema}]
    assert read_flink_operator({"spec": {"versions": versions}}) == FlinkOperator(())


def test_the_newest_flink_is_so_by_its_numbers() -> None:
    assert FlinkOperator(("v1_9", "v2_0", "v1_20")).newest == "v2_0"
    assert FlinkOperator(("v1_9", "v1_20")).newest == "v1_20"
    assert FlinkOperator(()).newest is None


def test_a_refusal_names_the_three_ways_out() -> None:
    assert FlinkOperator(("v1_18", "v1_19")).refusal("v2_2") == (
        "flink.version: the installed Flink operator does not support v2_2 (its newest is v1_19);"
        " upgrade that operator, or remove flink.version, or set it and image to a version that it"
        " supports"
    )
