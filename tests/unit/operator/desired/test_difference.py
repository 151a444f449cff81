"""What counts as a difference between a live object and a desired one, and what does not."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from program_user_info_operator.desired.difference import needs_apply
from tests.unit.operator.revisions import desired


def change(live: dict[str, Any], *path: Any, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(live)
    target: Any = changed
    for part in path[:-1]:
        target = target[part]
    target[path[-1]] = value
    return changed


def test_what_is_there_already_is_not_applied() -> None:
    wanted = desired().flink_deployment
    assert needs_apply(wanted, None)
    assert not needs_apply(wanted, wanted)


def test_foreign_fields_are_no_difference() -> None:
    wanted = desired().flink_deployment
    live = change(wanted, "metadata", "annotations", "foreign", value="x")
    live = change(live, "spec", "flinkConfiguration", "foreign", value="x")
    assert not needs_apply(wanted, live)


@pytest.mark.parametrize(
    "path",
    [
        ("spec", "image"),
        ("spec", "job", "args"),
        ("spec", "job", "parallelism"),
        ("spec", "podTemplate", "spec", "containers", 0, "name"),
        ("metadata", "labels", "app.kubernetes.io/name"),
        ("metadata", "ownerReferences"),
    ],
)
def test_drift_in_a_field_of_ours_is_a_difference(path: tuple[Any, ...]) -> None:
    wanted = desired().flink_deployment
    assert needs_apply(wanted, change(wanted, *path, value=[]))


def test_a_field_that_is_no_longer_wanted_is_a_difference() -> None:
    live = desired(flink={"configuration": {"a": "b"}}).flink_deployment
    assert needs_apply(desired().flink_deployment, live)
