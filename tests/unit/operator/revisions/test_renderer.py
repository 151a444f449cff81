"""Revisions as this release renders them, and earlier ones with a user's change carried over."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml

from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.desired.runtime import Runtime
from program_user_info_operator.environments.resolve import defaults
from program_user_info_operator.revisions.renderer import Renderer
from program_user_info_operator.revisions.revision import Inputs, Revision
from tests.unit.operator.revisions import OWNER, RUNTIME
from tests.unit.operator.specs import resolved, with_fields

RENDERER = Renderer(OWNER, "account")
Made = tuple[JobSpec, Runtime, Inputs]


def of(secrets: str | None = None, runtime: Runtime = RUNTIME, **fields: Any) -> Made:
    cr = with_fields(**fields)
    return resolved(cr).spec, runtime, Inputs(cr, None, defaults(), secrets, "release")


def recorded(made: Made) -> Revision:
    """As an earlier release rendered it: with a field and an option that this one does not have."""
    now = RENDERER.revision(*made)
    document = yaml.safe_load(now.config) | {"former": True}
    options = now.deployment["flinkConfiguration"] | {"former.option": "on"}
    deployment = json.loads(json.dumps(now.deployment)) | {"flinkConfiguration": options}
    return replace(now, config=yaml.safe_dump(document, sort_keys=False), deployment=deployment)


def test_a_revision_mounts_its_own_configuration() -> None:
    made = RENDERER.revision(*of(kafka={"topic": "t"}))
    volumes = made.deployment["podTemplate"]["spec"]["volumes"]
    assert volumes[0]["configMap"]["name"] == made.config_name
    assert made.config_name.startswith("job-config-")
    assert yaml.safe_load(made.config)["kafka"]["topic"] == "t"
    assert made.deployment["serviceAccount"] == "account"
    assert made.image == RUNTIME.image


def test_what_makes_no_difference_leaves_what_was_recorded_word_for_word() -> None:
    before = of()
    old = recorded(before)
    after = of(upgrade={"deadline": "1h"})
    found = RENDERER.carry(old, before, after)
    assert (found.config, found.deployment, found.hash) == (old.config, old.deployment, old.hash)
    assert found.inputs == after[2]


def test_a_change_of_the_deployment_leaves_the_configuration_word_for_word() -> None:
    before = of()
    old = recorded(before)
    found = RENDERER.carry(old, before, of(parallelism=3))
    assert found.config == old.config
    assert found.deployment["job"]["parallelism"] == 3
    assert found.deployment["flinkConfiguration"]["former.option"] == "on"


def test_a_change_of_the_configuration_keeps_what_only_the_earlier_release_wrote() -> None:
    before = of()
    found = RENDERER.carry(recorded(before), before, of(cassandra={"ttl": 60}))
    document = yaml.safe_load(found.config)
    assert (document["former"], document["cassandra"]["ttl"]) == (True, 60)
    volumes = found.deployment["podTemplate"]["spec"]["volumes"]
    assert volumes[0]["configMap"]["name"] == found.config_name
    assert found.config_name != recorded(before).config_name


@pytest.mark.parametrize(
    ("after", "path", "value"),
    [
        (of(secrets="new"), ("podTemplate", "metadata", "annotations"), None),
        (of(runtime=replace(RUNTIME, image="image:2.0")), ("image",), "image:2.0"),
        (of(restartNonce=5), ("restartNonce",), 5),
    ],
    ids=["Secrets", "an image", "a restart"],
)
def test_each_kind_of_change_is_carried_over(
    after: Made, path: tuple[str, ...], value: Any
) -> None:
    before = of(secrets="old")
    found: Any = RENDERER.carry(recorded(before), before, after)
    assert found.deployment["flinkConfiguration"]["former.option"] == "on"
    part: Any = found.deployment
    for name in path:
        part = part.get(name) if isinstance(part, dict) else None
    if path[0] == "podTemplate":
        assert part == {"lern.sunbird.org/secrets": "new"}
    else:
        assert part == value


def test_a_change_there_and_back_is_no_change() -> None:
    before, after = of(), of(kafka={"topic": "other"}, parallelism=2)
    old = RENDERER.revision(*before)
    there = RENDERER.carry(old, before, after)
    assert there.hash != old.hash
    assert RENDERER.carry(there, after, before) == old
