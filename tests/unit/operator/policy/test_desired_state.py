"""The objects that a decision asks for, as they are to be applied now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from program_user_info_operator.api import names
from program_user_info_operator.desired.objects import Desired, ObjectMaker
from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob
from program_user_info_operator.policy.decision import Decision
from program_user_info_operator.policy.deployments import (
    Deployments,
    Placement,
    overlapping_name,
)
from program_user_info_operator.policy.desired_state import Site, desired_state
from program_user_info_operator.revisions.history import History
from program_user_info_operator.revisions.revision import Revision
from tests.unit.operator.revisions import OWNER, revision, status
from tests.unit.operator.specs import resolved, with_fields

STATEFUL: dict[str, Any] = {
    "upgrade": {"mode": "savepoint"},
    "checkpoints": {"storage": "s3://b"},
}
GOOD, NEXT = revision(restartNonce=3), revision(restartNonce=3, parallelism=2)
RUNS = ObservedJob(True, Lifecycle.STABLE, "RUNNING", "id", None, frozenset())


def made(
    *placements: Placement,
    records: tuple[Revision, ...] = (GOOD, NEXT),
    live: dict[str, ObservedJob] | None = None,
    has_resource: bool = True,
    **fields: Any,
) -> list[Desired]:
    """With the last of the records as the newest revision."""
    decision = Decision(
        History((status(1, hash=records[-1].hash),), 1),
        {each.hash: each for each in records},
        Deployments(placements, ()),
    )
    spec = resolved(with_fields(**fields)).spec
    maker = ObjectMaker(OWNER, "dev")
    return desired_state(decision, Site(maker, spec, live or {}, has_resource=has_resource))


def test_each_deployment_comes_with_its_configuration_and_its_record() -> None:
    old, new = made(Placement("old", GOOD.hash), Placement("new", NEXT.hash))
    for found, name, each in ((old, "old", GOOD), (new, "new", NEXT)):
        metadata = found.flink_deployment["metadata"]
        assert metadata["name"] == name
        assert metadata["labels"][names.LABEL_REVISION] == each.hash
        assert found.config_map["metadata"]["name"] == each.config_name
        assert found.record["metadata"]["name"] == f"job-revision-{each.hash}"
    assert new.flink_deployment["spec"]["job"]["parallelism"] == 2
    assert made() == []


def test_resources_are_told_in_the_field_that_the_crd_has() -> None:
    for has_resource, field in ((True, "resource"), (False, "resources")):
        (found,) = made(Placement("job", GOOD.hash), has_resource=has_resource)
        assert list(found.flink_deployment["spec"]["taskManager"]) == [field]


WITH_STATE = revision(**STATEFUL)
ELSEWHERE = revision(**(STATEFUL | {"checkpoints": {"storage": "s3://other"}}))


@pytest.mark.parametrize(
    ("reconciled", "mode"),
    [
        # Nothing runs, so nothing has state to hand on.
        (None, "savepoint"),
        (WITH_STATE.deployment, "savepoint"),
        (ELSEWHERE.deployment, "stateless"),
        (GOOD.deployment, "stateless"),
    ],
    ids=["nothing runs", "the same bucket", "another bucket", "no bucket"],
)
def test_state_is_handed_on_only_where_what_runs_can_leave_it(
    reconciled: dict[str, Any] | None, mode: str
) -> None:
    live = {"job": replace(RUNS, reconciled=reconciled)}
    (found,) = made(Placement("job", WITH_STATE.hash), records=(WITH_STATE,), live=live, **STATEFUL)
    assert found.flink_deployment["spec"]["job"]["upgradeMode"] == mode


OWN = overlapping_name("job", GOOD.hash)


@pytest.mark.parametrize(
    ("name", "observed", "nonce"),
    [
        # A name of the revision's own: its own nonce, whatever is there.
        (OWN, None, 3),
        (OWN, replace(RUNS, revision=GOOD.hash, restart_nonce=9), 3),
        # In place: as it is for a revision that runs, and never an older one for another.
        ("job", replace(RUNS, revision=GOOD.hash, restart_nonce=9), 9),
        ("job", replace(RUNS, revision="other", restart_nonce=9), 9),
        ("job", replace(RUNS, revision="other", restart_nonce=1), 5),
        ("job", None, 5),
    ],
)
def test_a_nonce_never_goes_back_because_that_would_restart_the_job(
    name: str, observed: ObservedJob | None, nonce: int
) -> None:
    newest = revision(restartNonce=5, parallelism=4)
    live = {} if observed is None else {name: observed}
    (found,) = made(Placement(name, GOOD.hash), records=(GOOD, newest), live=live)
    assert found.flink_deployment["spec"]["restartNonce"] == nonce


def test_only_the_newest_one_is_deployed_again_from_a_savepoint() -> None:
    """The good one beside it still writes."""
    live = {"old": replace(RUNS, redeploy_nonce="1"), "new": replace(RUNS, redeploy_nonce="1")}
    savepoint = {"redeployNonce": 2, "restoreFrom": "s3://b/1"}
    found = made(
        Placement("old", GOOD.hash),
        Placement("new", NEXT.hash),
        live=live,
        savepoint=savepoint,
        checkpoints={"storage": "s3://b"},
    )
    annotations = [each.flink_deployment["metadata"]["annotations"] for each in found]
    assert [each[names.ANNOTATION_REDEPLOY] for each in annotations] == ["1", "2"]
