"""What the installed Flink operator supports, by its CRD."""

from __future__ import annotations

import pytest

from program_user_info_operator.observed.flink_operator import read_flink_operator


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
