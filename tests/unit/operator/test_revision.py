"""What makes a revision, and how it is recorded."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from program_user_info_operator.desired.runtime import Runtime
from program_user_info_operator.revisions.record import read_record, record, recorded
from program_user_info_operator.revisions.revision import as_it_is_now, own_inputs
from tests.unit.operator.revisions import RUNTIME, desired, revision
from tests.unit.operator.specs import CR, resolved, with_fields


@pytest.mark.parametrize(
    "fields", [{}, {"parallelism": 3}, {"kafka": {"topic": "t"}, "restartNonce": 4}]
)
def test_it_is_read_back_as_it_was_recorded(fields: dict[str, Any]) -> None:
    made = revision(**fields)
    assert read_record(desired(**fields).record) == made
    assert recorded([desired(**fields).record, desired().config_map]) == {made.hash: made}


def test_what_was_chosen_is_read_back() -> None:
    runtime = Runtime("i", "v1_20", "v1_18", is_bundled=False, is_line_chosen=False)
    found = read_record(desired(runtime).record)
    assert found is not None
    assert found.runtime == runtime


@pytest.mark.parametrize(
    "damage",
    [
        lambda config_map: config_map["data"].clear(),
        lambda config_map: config_map["data"].update({"revision.json": "{"}),
        lambda config_map: config_map["data"].update({"revision.json": "[]"}),
        lambda config_map: config_map["metadata"]["labels"].update(
            {"lern.sunbird.org/revision": "x"}
        ),
    ],
)
def test_a_record_that_is_not_whole_is_none(damage: Callable[[Any], None]) -> None:
    config_map = copy.deepcopy(desired().record)
    damage(config_map)
    assert read_record(config_map) is None


def test_a_newer_release_may_record_more() -> None:
    config_map = copy.deepcopy(desired().record)
    document = json.loads(config_map["data"]["revision.json"])
    document["inputs"]["colour"] = document["colour"] = "blue"
    config_map["data"]["revision.json"] = json.dumps(document)
    assert read_record(config_map) == revision()


def test_an_older_release_recorded_no_inputs() -> None:
    config_map = copy.deepcopy(desired().record)
    document = json.loads(config_map["data"]["revision.json"])
    del document["inputs"], document["flink"]
    config_map["data"]["revision.json"] = json.dumps(document)
    found = read_record(config_map)
    assert found == replace(revision(), inputs=None)


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "suspended"},
        {"savepoint": {"triggerNonce": 4}},
        {"savepoint": {}},
        {"upgrade": {"revision": 3}},
        {"upgrade": {"deadline": "1h"}},
    ],
)
def test_what_passes_makes_no_revision(fields: dict[str, Any]) -> None:
    storage: dict[str, Any] = {"checkpoints": {"storage": "s3://b"}}
    assert revision(**storage).hash == revision(**storage, **fields).hash


@pytest.mark.parametrize(
    "fields", [{"restartNonce": 1}, {"parallelism": 2}, {"kafka": {"topic": "t"}}]
)
def test_what_is_deployed_differently_is_another_revision(fields: dict[str, Any]) -> None:
    assert revision().hash != revision(**fields).hash


@pytest.mark.parametrize("fields", [{"image": "i"}, {"flink_version": "v1_18"}])
def test_another_image_or_flink_is_another_revision(fields: dict[str, Any]) -> None:
    assert revision().hash != revision(replace(RUNTIME, **fields)).hash


def test_other_secrets_are_another_revision_unless_the_job_does_not_care() -> None:
    careless: dict[str, Any] = {"upgrade": {"restartOnSecretChange": False}}
    assert revision(secrets="a").hash != revision(secrets="b").hash
    assert revision(secrets="a", **careless).hash == revision(secrets="b", **careless).hash


def test_an_earlier_revision_runs_with_the_present_state() -> None:
    present = resolved(
        with_fields(
            state="suspended",
            checkpoints={"storage": "s3://b"},
            savepoint={"triggerNonce": 2, "restoreFrom": "s3://b/s"},
        )
    ).spec
    earlier = revision(parallelism=3)
    deployed = as_it_is_now(earlier, present, mode="savepoint", restart_nonce=7)
    assert deployed["job"] == earlier.deployment["job"] | {
        "state": "suspended",
        "upgradeMode": "savepoint",
        "savepointTriggerNonce": 2,
        "initialSavepointPath": "s3://b/s",
    }
    assert (deployed["restartNonce"], deployed["job"]["parallelism"]) == (7, 3)


def test_what_a_user_says_in_passing_is_no_input() -> None:
    upgrade = {"revision": 2, "mode": "stateless"}
    cr = CR | {"state": "suspended", "savepoint": {"triggerNonce": 1}, "upgrade": upgrade}
    assert own_inputs(cr) == CR | {"upgrade": {"mode": "stateless"}}


def test_a_record_is_a_config_map_of_the_job() -> None:
    made = revision()
    found = record(made, "job", "ns")
    assert found["metadata"] == {"name": f"job-revision-{made.hash}", "namespace": "ns"}
    assert found["data"]["config.yaml"] == made.config
