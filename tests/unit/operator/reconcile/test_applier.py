"""How objects are written: upon what was read, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from program_user_info_operator.cluster.api_server import ApiError
from tests.unit.operator.controller import Controller
from tests.unit.operator.world import World


def test_a_write_is_refused_if_the_object_has_changed_since_it_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that was delayed on its way must not undo a later one."""
    world = World()
    world.put_job(upgrade={"strategy": "replace"})
    controller = Controller(world)
    versions: dict[str, list[str | None]] = {}
    apply = world.apply

    def noted(desired: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        place = desired["kind"] + (options.get("subresource") or "")
        versions.setdefault(place, []).append(options["resource_version"])
        return apply(desired, **options)

    monkeypatch.setattr(world, "apply", noted)
    controller.settle()
    assert versions["FlinkDeployment"] == [None]
    assert versions["ConfigMap"] == [None, None]
    versions.clear()
    read = world.deployment()["metadata"]["resourceVersion"]
    world.put_job(parallelism=2)
    controller.reconcile()
    assert versions["FlinkDeployment"] == [read]
    assert None not in versions["ProgramUserInfoJobstatus"]


def test_what_is_forbidden_is_tried_again_after_half_a_minute() -> None:
    """Nothing tells that a quota or a policy has changed."""
    world = World()
    world.put_job()
    world.refuse["apply FlinkDeployment"] = ApiError(403, "no")
    controller = Controller(world)
    controller.rest()
    assert controller.recheck == timedelta(seconds=30)
