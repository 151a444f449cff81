"""What makes a revision, and how it is recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from program_user_info_operator.revisions.revision import as_it_is_now, own_inputs
from tests.unit.operator.revisions import RUNTIME, revision
from tests.unit.operator.specs import CR, resolved, with_fields


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
