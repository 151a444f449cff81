"""A revision's record: read back as any release wrote it, or not at all."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from program_user_info_operator.desired.runtime import Runtime
from program_user_info_operator.revisions.record import read_record, record, recorded
from tests.unit.operator.revisions import desired, revision


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


def test_a_record_is_a_config_map_of_the_job() -> None:
    made = revision()
    found = record(made, "job", "ns")
    assert found["metadata"] == {"name": f"job-revision-{made.hash}", "namespace": "ns"}
    assert found["data"]["config.yaml"] == made.config
