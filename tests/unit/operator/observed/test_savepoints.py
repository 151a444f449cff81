"""Completed savepoints, from a FlinkDeployment's status and from snapshots."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from program_user_info_operator.observed.savepoints import newest_savepoint, savepoint_in_status
from tests.conftest import DATA

FOLDER = DATA / "flink-operator"
SNAPSHOTS = json.loads((FOLDER / "1.15.0-snapshots.json").read_text())


def test_the_last_savepoint_is_the_newest_of_the_jobs_own_snapshots() -> None:
    path = "file:/var/lib/program-user-info-job/savepoints/savepoint-b956fd-364a035608a2"
    found = newest_savepoint("lifecycle-a", None, SNAPSHOTS)
    assert found is not None
    assert (found.location, found.time) == (path, datetime(2026, 11, 23, 13, 51, 47, tzinfo=UTC))
    assert newest_savepoint("lifecycle-b", None, SNAPSHOTS) is None
    assert newest_savepoint("lifecycle-a", None, SNAPSHOTS[:2]) is None
    assert newest_savepoint("lifecycle-a", None, []) is None


@pytest.mark.parametrize(("milliseconds", "wins"), [(1_795_441_900_000, False), (1 << 41, True)])
def test_a_savepoint_in_the_status_counts_where_it_is_newer(milliseconds: int, wins: bool) -> None:
    last = {"location": "s3://b/savepoint-1", "timeStamp": milliseconds}
    in_status = savepoint_in_status({"savepointInfo": {"lastSavepoint": last}})
    found = newest_savepoint("lifecycle-a", in_status, SNAPSHOTS)
    assert found is not None
    assert (found.location == "s3://b/savepoint-1") is wins


@pytest.mark.parametrize(
    ("kind", "spec", "state"),
    [
        ("FlinkSessionJob", {"savepoint": {}}, "COMPLETED"),
        ("FlinkDeployment", {"checkpoint": {}}, "COMPLETED"),
        ("FlinkDeployment", {"savepoint": {}}, "FAILED"),
    ],
)
def test_what_is_no_savepoint_of_the_deployment(
    kind: str, spec: dict[str, Any], state: str
) -> None:
    reference = {"kind": kind, "name": "job"}
    snapshot = {
        "metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"jobReference": reference, **spec},
        "status": {"state": state, "path": "s3://b/1"},
    }
    assert newest_savepoint("job", None, [snapshot]) is None
