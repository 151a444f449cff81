"""Details of the desired objects that golden files do not explain."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from program_user_info_operator.api.scalars import milliseconds
from program_user_info_operator.api.status import JobStatus
from program_user_info_operator.desired.context import Bundle, Owner
from program_user_info_operator.desired.difference import needs_apply
from program_user_info_operator.desired.objects import Desired, desired_objects, revision_objects
from program_user_info_operator.desired.pod_template import merge
from program_user_info_operator.desired.revision import read_record
from program_user_info_operator.policy.status import Facts, resolved_status
from program_user_info_operator.policy.upgrade import Plan
from tests.unit.operator.test_resolve import CR, resolved, with_fields

OWNER = Owner("job", "ns", "uid-1")
BUNDLE = Bundle("image", "1.0")


def desired(**fields: Any) -> Desired:
    return desired_objects(resolved(with_fields(**fields)), OWNER, BUNDLE)


def test_a_changed_configuration_is_another_config_map_in_the_pods() -> None:
    one, other = desired(), desired(kafka={"topic": "t"})
    assert one.config_map_name != other.config_map_name
    assert (
        one.flink_deployment["spec"]["podTemplate"] != other.flink_deployment["spec"]["podTemplate"]
    )


def test_scaling_changes_no_configuration() -> None:
    assert desired().config_map == desired(parallelism=5).config_map


def test_every_child_is_owned_by_the_job() -> None:
    for each in desired().objects():
        (reference,) = each["metadata"]["ownerReferences"]
        assert (reference["uid"], reference["controller"]) == ("uid-1", True)


@pytest.mark.parametrize(
    ("fields", "image"),
    [({}, "image:1.0"), ({"version": "0.9"}, "image:0.9"), ({"image": "mine:2"}, "mine:2")],
)
def test_the_image_is_the_bundled_one_unless_told_otherwise(
    fields: dict[str, Any], image: str
) -> None:
    assert desired(**fields).image == image


@pytest.mark.parametrize(
    ("image", "version"),
    [("r:5000/a/b:1.2@sha256:abc", "1.2"), ("r:5000/a/b", None), ("b:x", "x")],
)
def test_the_status_shows_the_images_tag(image: str, version: str | None) -> None:
    found = resolved(CR | {"image": image})
    facts = Facts(found, desired_objects(found, OWNER, BUNDLE), None, Plan("", (), None), None)
    assert resolved_status(JobStatus(), facts).image_version == version


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


def test_a_revision_is_read_back_as_it_was_recorded() -> None:
    wanted = desired(parallelism=3)
    assert read_record(wanted.record) == wanted.revision


@pytest.mark.parametrize(
    "spoil",
    [
        lambda record: record["data"].clear(),
        lambda record: record["data"].update({"revision.json": "{"}),
        lambda record: record["data"].update({"revision.json": "[]"}),
        lambda record: record["metadata"]["labels"].update({"lern.sunbird.org/revision": "x"}),
    ],
)
def test_a_record_that_is_not_whole_is_none(spoil: Callable[[Any], None]) -> None:
    record = copy.deepcopy(desired().record)
    spoil(record)
    assert read_record(record) is None


@pytest.mark.parametrize(
    "fields", [{"state": "suspended"}, {"savepoint": {"triggerNonce": 4}}, {"savepoint": {}}]
)
def test_what_passes_makes_no_revision(fields: dict[str, Any]) -> None:
    storage = {"checkpoints": {"storage": "s3://b"}}
    one, other = desired(**storage), desired(**storage, **fields)
    assert one.revision == other.revision


@pytest.mark.parametrize(
    "fields", [{"restartNonce": 1}, {"parallelism": 2}, {"image": "i"}, {"kafka": {"topic": "t"}}]
)
def test_what_is_deployed_differently_is_another_revision(fields: dict[str, Any]) -> None:
    assert desired().revision.hash != desired(**fields).revision.hash


def test_an_earlier_revision_runs_with_the_present_nonce_and_state() -> None:
    earlier = desired(image="old").revision
    present = resolved(with_fields(image="new", restartNonce=7, state="suspended")).spec
    deployment = revision_objects(earlier, present, OWNER).flink_deployment["spec"]
    assert deployment["image"] == "old"
    assert (deployment["restartNonce"], deployment["job"]["state"]) == (7, "suspended")
