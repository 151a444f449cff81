"""`upgrade.revision` goes back to a good revision, and the history keeps those."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.operator.controller import Controller
from tests.unit.operator.stories import IN_PLACE, PATIENT, fail, images, running


@pytest.mark.parametrize("upgrade", [PATIENT, IN_PLACE], ids=["overlap", "replace"])
def test_undo_goes_back_to_any_good_revision_and_stays_there(upgrade: dict[str, Any]) -> None:
    world, controller = running(upgrade)
    for parallelism in (2, 3):
        world.put_job(parallelism=parallelism)
        controller.settle()
    world.put_job(upgrade=upgrade | {"revision": 1})
    controller.settle()
    assert world.outcomes()[-1] == (4, "Undo", "Stable")
    assert world.deployment()["spec"]["job"]["parallelism"] == 1
    assert world.state() == ("Ready", "Running")
    assert "revision 1 runs and other changes do not apply" in world.message()
    world.put_job(parallelism=9)
    assert "apply FlinkDeployment" not in controller.reconcile()
    later = Controller(world, "2.0")
    later.rest()
    assert images(world) == ["image:1.0"]
    assert world.stage() == "Exempt"
    world.put_job(upgrade=upgrade)
    later.settle()
    spec = world.deployment()["spec"]
    assert (spec["job"]["parallelism"], spec["image"]) == (9, "image:2.0")


@pytest.mark.parametrize("number", [2, 7])
def test_what_was_not_good_cannot_be_gone_back_to(number: int) -> None:
    world, controller = running()
    world.put_job(image="bad")
    fail(world, controller)
    world.put_job(image=None, upgrade=PATIENT | {"revision": number})
    controller.rest()
    assert world.state() == ("Stalled", "RevisionUnknown")
    assert f"{number} is not one of the good revisions that are kept (1)" in world.message()


def test_the_last_five_good_revisions_can_be_gone_back_to() -> None:
    world, controller = running()
    for nonce in range(1, 8):
        world.put_job(restartNonce=nonce)
        controller.settle()
    records = [place[2] for place in world.objects if "-revision-" in place[2]]
    assert len(records) == 5
    world.put_job(upgrade=PATIENT | {"revision": 4})
    controller.settle()
    assert world.outcomes()[-1] == (9, "Undo", "Stable")


def test_the_history_is_bounded_and_keeps_the_last_good_revision() -> None:
    world, controller = running()
    for nonce in range(1, 15):
        world.put_job(restartNonce=nonce)
        controller.rest()
    outcomes = world.outcomes()
    assert [number for number, _, _ in outcomes] == [1, *range(6, 16)]
    assert outcomes[0] == (1, "Created", "Stable")
    assert {outcome for _, _, outcome in outcomes[1:-1]} == {"Superseded"}
