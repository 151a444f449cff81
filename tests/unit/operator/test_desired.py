"""Details of the desired objects that golden files do not explain."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from program_user_info_operator.api.flink_options import OWNED_OPTIONS
from program_user_info_operator.api.scalars import milliseconds
from program_user_info_operator.desired.difference import needs_apply
from program_user_info_operator.desired.flink_configuration import flink_configuration
from program_user_info_operator.desired.pod_template import merge
from program_user_info_operator.revisions.revision import storage
from tests.unit.operator.revisions import desired
from tests.unit.operator.specs import resolved, with_fields


def test_a_changed_configuration_is_another_config_map_in_the_pods() -> None:
    one, other = desired(), desired(kafka={"topic": "t"})
    assert one.config_map["metadata"]["name"] != other.config_map["metadata"]["name"]
    assert (
        one.flink_deployment["spec"]["podTemplate"] != other.flink_deployment["spec"]["podTemplate"]
    )


def test_scaling_changes_no_configuration() -> None:
    assert desired().config_map == desired(parallelism=5).config_map


def test_every_child_is_owned_by_the_job() -> None:
    for each in desired().objects():
        (reference,) = each["metadata"]["ownerReferences"]
        assert (reference["uid"], reference["controller"]) == ("uid-1", True)


def test_a_ttl_of_zero_turns_a_profiles_off() -> None:
    assert "ttl" not in desired(cassandra={"ttl": 0}).config_map["data"]["config.yaml"]


@pytest.mark.parametrize(
    ("text", "millis"), [("500ms", 500), ("10s", 10_000), ("5min", 300_000), ("1h", 3_600_000)]
)
def test_durations(text: str, millis: int) -> None:
    assert milliseconds(text) == millis


def test_named_lists_merge_by_name() -> None:
    base = {"c": [{"name": "a", "x": 1}, {"name": "b"}], "l": [1]}
    over = {"c": [{"name": "a", "y": 2}, {"name": "n"}], "l": [2], "m": 3}
    assert merge(base, over) == {
        "c": [{"name": "a", "x": 1, "y": 2}, {"name": "b"}, {"name": "n"}],
        "l": [2],
        "m": 3,
    }


@pytest.mark.parametrize("other", [[{"x": 1}], [1], {"name": "a"}, None])
def test_a_list_is_not_merged_with_what_has_no_names(other: Any) -> None:
    named = [{"name": "a"}]
    assert merge(named, other) == other
    assert merge(other, named) == named


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


@pytest.mark.parametrize(
    ("line", "checkpoints", "savepoints"),
    [
        ("v1_20", "state.checkpoints.dir", "state.savepoints.dir"),
        ("v2_2", "execution.checkpointing.dir", "execution.checkpointing.savepoint-dir"),
    ],
)
def test_where_state_goes_is_said_by_the_names_that_the_line_reads(
    line: str, checkpoints: str, savepoints: str
) -> None:
    spec = resolved(with_fields(checkpoints={"storage": "s3://b"})).spec
    options = flink_configuration(spec, line)
    assert {key: value for key, value in options.items() if value.startswith("s3:")} == {
        checkpoints: "s3://b/checkpoints",
        savepoints: "s3://b/savepoints",
    }
    assert {checkpoints, savepoints} <= set(OWNED_OPTIONS)
    assert storage({"flinkConfiguration": options}) == ("s3://b/savepoints", None, None)


def test_the_jvm_compiles_for_a_start_and_a_job_may_choose_otherwise() -> None:
    own = {"env.java.opts.taskmanager": "-XX:TieredStopAtLevel=4"}
    options = flink_configuration(resolved(with_fields(flink={"configuration": own})).spec, "v2_2")
    assert options["env.java.opts.all"].split()[-1] == "-XX:TieredStopAtLevel=1"
    assert options.items() >= own.items()
