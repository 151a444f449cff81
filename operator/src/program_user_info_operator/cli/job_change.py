"""What a verb of the plugin changes in a job's spec: merge patches, from the job as it is."""

from __future__ import annotations

from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.api.status import JobStatus, Outcome
from program_user_info_operator.revisions.history import History

Object = dict[str, Any]


class NothingToUndo(Exception):
    """There is no good revision to go back to."""


def undone(job: Object, number: int | None) -> Object:
    """`upgrade.revision`: this number, or that of the good revision before the running one.

    Raises `NothingToUndo`.
    """
    status = JobStatus.model_validate(job.get("status") or {})
    running = History(tuple(status.revisions), status.last_good_revision).running
    good = [each for each in status.revisions if each.outcome is Outcome.STABLE]
    earlier = [each.number for each in good if running is None or each.hash != running.hash]
    if number is None and not earlier:
        raise NothingToUndo("no earlier revision was good; see `kubectl puij history`")
    return {"spec": {"upgrade": {"revision": number or earlier[-1]}}}


def no_longer_undone(_job: Object) -> Object:
    """Without `upgrade.revision`."""
    return {"spec": {"upgrade": {"revision": None}}}


def paused(_job: Object) -> Object:
    """The annotation that stops the controller from changing the job."""
    return {"metadata": {"annotations": {names.ANNOTATION_PAUSED: "true"}}}


def no_longer_paused(_job: Object) -> Object:
    """Without that annotation."""
    return {"metadata": {"annotations": {names.ANNOTATION_PAUSED: None}}}


def restarted(job: Object) -> Object:
    """Another `restartNonce`."""
    return {"spec": {"restartNonce": job["spec"].get("restartNonce", 0) + 1}}


def suspended(_job: Object) -> Object:
    """`state: suspended`."""
    return {"spec": {"state": "suspended"}}


def resumed(_job: Object) -> Object:
    """`state: running`."""
    return {"spec": {"state": "running"}}


def with_savepoint(job: Object) -> Object:
    """Another `savepoint.triggerNonce`."""
    nonce = (job["spec"].get("savepoint") or {}).get("triggerNonce", 0)
    return {"spec": {"savepoint": {"triggerNonce": nonce + 1}}}
