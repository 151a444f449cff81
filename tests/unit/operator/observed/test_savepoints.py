"""Completed savepoints, from a FlinkDeployment's status and from snapshots."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from program_user_info_operator.api.status import SavepointStatus
from program_user_info_operator.observed.savepoints import (
    newest_savepoint,
    referenced_deployment,
    savepoint_in_status,
)
from tests.conftest import DATA

SNAPSHOTS = json.loads((DATA / "flink-operator" / "1.15.0-snapshots.json").read_text())


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


@pytest.mark.parametrize(
    "job_status",
    [
        {},
        {"savepointInfo": None},
        {"savepointInfo": {"lastSavepoint": None}},
        {"savepointInfo": {"lastSavepoint": {"location": ""}}},
        {"savepointInfo": {"lastSavepoint": {"timeStamp": 5}}},
    ],
)
def test_a_status_without_the_place_of_a_savepoint_has_none(job_status: dict[str, Any]) -> None:
    assert savepoint_in_status(job_status) is None


def completed(name: str = "job", **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"jobReference": {"kind": "FlinkDeployment", "name": name}, "savepoint": {}},
        "status": {"state": "COMPLETED", "path": "s3://b/1", **status},
    }


@pytest.mark.parametrize(
    ("result", "moment"),
    [
        ("2026-02-03T04:05:06.123456789Z", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("2026-02-03T04:05:06Z", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        # Where the result's is not known, it is not older than the snapshot.
        (None, datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_snapshots_time_is_to_the_second(result: str | None, moment: datetime) -> None:
    found = newest_savepoint("job", None, [completed(resultTimestamp=result)])
    assert found == SavepointStatus(location="s3://b/1", time=moment)


def test_a_snapshot_without_any_time_is_older_than_all_others() -> None:
    bare = completed(path="s3://b/bare")
    bare["metadata"] = {}
    known = SavepointStatus(location="s3://b/known", time=datetime(2020, 1, 1, tzinfo=UTC))
    assert newest_savepoint("job", known, [bare]) == known
    alone = newest_savepoint("job", None, [bare])
    assert alone is not None
    assert (alone.location, alone.time.timestamp()) == ("s3://b/bare", 0)


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ({"jobReference": {"kind": "FlinkDeployment", "name": "a"}}, "a"),
        ({"jobReference": {"kind": "FlinkSessionJob", "name": "a"}}, None),
        ({"jobReference": None}, None),
        (None, None),
    ],
)
def test_a_snapshot_is_of_the_deployment_that_it_refers_to(
    spec: dict[str, Any] | None, name: str | None
) -> None:
    assert referenced_deployment({"spec": spec}) == name
