"""What a verb changes in a job: merge patches, from the job as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from program_user_info_operator.api.status import JobStatus, Outcome
from program_user_info_operator.cli import job_change
from program_user_info_operator.cli.job_change import NothingToUndo, undone
from tests.unit.operator.revisions import status

Object = dict[str, Any]


@pytest.mark.parametrize(
    ("change", "spec", "patch"),
    [
        (job_change.restarted, {}, {"restartNonce": 1}),
        (job_change.restarted, {"restartNonce": 7}, {"restartNonce": 8}),
        (job_change.with_savepoint, {}, {"savepoint": {"triggerNonce": 1}}),
        (job_change.with_savepoint, {"savepoint": None}, {"savepoint": {"triggerNonce": 1}}),
        (
            job_change.with_savepoint,
            {"savepoint": {"triggerNonce": 4, "restoreFrom": "s3://b"}},
            {"savepoint": {"triggerNonce": 5}},
        ),
        (job_change.suspended, {"state": "running"}, {"state": "suspended"}),
        (job_change.resumed, {"state": "suspended"}, {"state": "running"}),
        (job_change.no_longer_undone, {}, {"upgrade": {"revision": None}}),
    ],
)
def test_a_verb_patches_one_field_of_the_spec(
    change: Callable[[Object], Object], spec: Object, patch: Object
) -> None:
    job = {"spec": spec}
    assert change(job) == {"spec": patch}
    assert job == {"spec": spec}


@pytest.mark.parametrize(
    ("change", "value"), [(job_change.paused, "true"), (job_change.no_longer_paused, None)]
)
def test_a_pause_is_an_annotation(change: Callable[[Object], Object], value: str | None) -> None:
    assert change({}) == {"metadata": {"annotations": {"lern.sunbird.org/paused": value}}}


def job(*outcomes: Outcome, last_good: int | None = None, hashes: str = "abcdef") -> Object:
    """With revisions of these outcomes, numbered from 1."""
    revisions = [
        status(number, outcome=outcome, hash=hashes[number - 1])
        for number, outcome in enumerate(outcomes, start=1)
    ]
    found = JobStatus(revisions=revisions, last_good_revision=last_good)
    return {"spec": {}, "status": found.to_json()}


GOOD, FAILED, BACK = Outcome.STABLE, Outcome.FAILED, Outcome.ROLLED_BACK


@pytest.mark.parametrize(
    ("document", "number", "revision"),
    [
        (job(GOOD, GOOD, GOOD, last_good=3), None, 2),
        (job(GOOD, FAILED, GOOD, last_good=3), None, 1),
        # What was rolled back does not run: the good one before it does.
        (job(GOOD, GOOD, BACK, last_good=2), None, 1),
        (job(GOOD, FAILED, last_good=1), None, 1),
        # The same revision under two numbers is not another one.
        (job(GOOD, GOOD, GOOD, last_good=3, hashes="abb"), None, 1),
        (job(GOOD, GOOD, last_good=2), 2, 2),
        # Whether a number is a good one's, the controller says.
        (job(GOOD, last_good=1), 9, 9),
    ],
)
def test_undo_goes_back_to_the_good_revision_before_the_one_that_runs(
    document: Object, number: int | None, revision: int
) -> None:
    assert undone(document, number) == {"spec": {"upgrade": {"revision": revision}}}


@pytest.mark.parametrize("document", [{"spec": {}}, job(GOOD, last_good=1), job(FAILED, FAILED)])
def test_without_an_earlier_good_revision_there_is_nothing_to_undo(document: Object) -> None:
    with pytest.raises(NothingToUndo, match="no earlier revision was good; see `kubectl puij hist"):
        undone(document, None)
