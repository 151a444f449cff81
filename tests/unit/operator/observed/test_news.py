"""Which versions of an object are news: those that can lead to another decision."""

from __future__ import annotations

import copy
import itertools
import json
from typing import Any

import pytest

from program_user_info_operator.observed.flink_deployment import observe
from program_user_info_operator.observed.news import fingerprint, is_news
from tests.flink_statuses import Release, looked_at
from tests.unit.operator.watched import RECORDED, RUNNING

Object = dict[str, Any]


@pytest.mark.parametrize(
    ("version", "expected", "what"),
    [
        ("2934", True, "Flink answers: the job is CREATED"),
        ("2960", True, "the job runs"),
        ("2978", True, "another revision is applied"),
        ("3026", True, "the Flink operator stops the job"),
        ("3027", True, "the upgrade mode changes"),
        ("3052", True, "the new revision is deployed"),
        ("3104", True, "Flink answers"),
        ("3117", True, "the job runs"),
    ],
)
def test_versions_recorded_from_flink_operator_1_15(
    version: str, expected: bool, what: str
) -> None:
    pairs = itertools.pairwise(RECORDED)
    old, new = next(pair for pair in pairs if pair[1]["metadata"]["resourceVersion"] == version)
    assert is_news(old, new) is expected, what


@pytest.mark.parametrize("release", ["1.7", "1.15"])
def test_looks_of_the_flink_operator_at_a_running_job_are_no_news(release: Release) -> None:
    looks = [looked_at(RUNNING, release, look) for look in range(4)]
    assert len({json.dumps(each["status"]) for each in looks}) == 4
    assert len({fingerprint(each) for each in looks}) == 1


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("metadata", "resourceVersion"), "9", False),
        (("metadata", "managedFields"), [{"manager": "flink", "time": "now"}], False),
        (("metadata", "annotations", "example.org/checked-at"), "now", False),
        (("metadata", "annotations", "lern.sunbird.org/desired-hash"), "other", True),
        (("metadata", "labels", "lern.sunbird.org/job"), "other", True),
        (("metadata", "ownerReferences"), [], True),
        (("metadata", "deletionTimestamp"), "2026-01-01T00:00:00Z", True),
        (("spec", "image"), "other", True),
        (("status", "clusterInfo", "state-size"), "1", False),
        (("status", "jobStatus", "updateTime"), "1", False),
        (("status", "jobStatus", "state"), "FAILING", True),
        (("status", "jobStatus", "jobId"), "f00", True),
        (("status", "error"), "out of luck", True),
        (("status", "lifecycleState"), "FAILED", True),
    ],
)
def test_a_change_of_one_field_of_a_flink_deployment(
    path: tuple[str, ...], value: Any, expected: bool
) -> None:
    new = copy.deepcopy(RUNNING)
    place = new
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert is_news(RUNNING, new) is expected


def test_whatever_is_read_of_a_status_is_news() -> None:
    for old, new in itertools.pairwise(RECORDED):
        assert is_news(old, new) or observe(old) == observe(new)


@pytest.mark.parametrize("kind", ["ProgramUserInfoJob", "ConfigMap"])
def test_of_other_kinds_all_counts_but_what_the_storage_adds(kind: str) -> None:
    old = {"kind": kind, "metadata": {"name": "job", "resourceVersion": "1"}, "spec": {"a": 1}}
    touched = {"name": "job", "resourceVersion": "2", "managedFields": []}
    assert not is_news(old, old | {"metadata": touched})
    assert is_news(old, old | {"spec": {"a": 2}})
    assert is_news(old, old | {"status": {"jobState": "RUNNING"}})


def test_an_object_that_comes_or_goes_is_news() -> None:
    assert is_news(None, RUNNING)
    assert is_news(RUNNING, None)
    assert not is_news(None, None)
