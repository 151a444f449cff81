"""Why a job does not run, by its pods, its log and the Flink operator's error."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.observed.failure import Failure, find_failure, has_restarted, newest

LOG = """\
2026-01-01 INFO something
program_user_info_job.kafka.topics: [KafkaUnreachable] kafka.bootstrapServers: no answer
Caused by: RuntimeError: program_user_info_job.store.writer.WriteGaveUp: [Overdue] try later
\tat org.apache.flink
"""
WAITED = f"{LOG}INFO x - program_user_info_job.failure: [Reached] Cassandra: ready after 83 s"


def pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "creationTimestamp": "2026-01-01"}, "status": status}


def container(**state: Any) -> dict[str, Any]:
    return pod(containerStatuses=[{"image": "r/i:1", **state}])


def waiting(reason: str) -> dict[str, Any]:
    return container(state={"waiting": {"reason": reason, "message": "said\n so"}})


def unschedulable() -> dict[str, Any]:
    condition = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes: cpu"}
    return pod(conditions=[condition])


def test_a_pod_that_is_placed_and_not_ready_yet_is_no_failure() -> None:
    """Only a pod that cannot be placed is one."""
    placed = {"type": "PodScheduled", "status": "True"}
    not_ready = {"type": "Ready", "status": "False", "message": "containers are starting"}
    found = find_failure([pod(conditions=[placed, not_ready])], "", "bad")
    assert found is not None
    assert found.reason == "JobFailing"


@pytest.mark.parametrize(
    ("pods", "log", "error", "reason", "words"),
    [
        ([waiting("ImagePullBackOff")], LOG, "x", "ImagePullFailed", "image r/i:1 cannot be"),
        ([waiting("ErrImagePull")], "", None, "ImagePullFailed", "correct spec.image"),
        ([waiting("CreateContainerConfigError")], "", None, "ContainerFailed", "said so"),
        ([unschedulable()], "", None, "Unschedulable", "0/1 nodes: cpu — add nodes"),
        (
            [container(lastState={"terminated": {"reason": "OOMKilled"}})],
            LOG,
            None,
            "OutOfMemory",
            "raise spec.resources",
        ),
        ([waiting("ContainerCreating")], LOG, "x", "Overdue", "try later"),
        (
            [],
            "",
            "creating: pods is forbidden: exceeded quota: small, used: cpu=1",
            "QuotaExceeded",
            "exceeded quota: small",
        ),
        ([pod()], "nothing", "bad", "JobFailing", "Flink reports: bad"),
        ([pod()], WAITED, "bad", "JobFailing", "Flink reports: bad"),
    ],
)
def test_the_most_telling_cause_is_named(
    pods: list[Any], log: str, error: str | None, reason: str, words: str
) -> None:
    found = find_failure(pods, log, error)
    assert found is not None
    assert found.reason == reason
    assert words in found.message
    assert "\n" not in found.message


def test_where_nothing_is_wrong_nothing_is_found() -> None:
    assert find_failure([pod(conditions=[{"type": "Ready", "status": "True"}])], "", None) is None


def test_only_the_jobs_own_words_are_relayed() -> None:
    log = "java.lang.Exception: [Secret] Anna Example\nprogram_user_info_job.x: [Why] so"
    assert find_failure([], log, None) == Failure("Why", "so")


def test_the_newest_pod_of_a_component_is_asked() -> None:
    pods = [
        {"metadata": {"name": name, "creationTimestamp": moment, "labels": labels}}
        for name, moment, labels in [
            ("old", "2026-01-01", {"component": "jobmanager"}),
            ("new", "2026-01-02", {"component": "jobmanager"}),
            ("task", "2026-01-03", {"component": "taskmanager"}),
            ("bare", "2026-01-04", None),
        ]
    ]
    assert newest(pods, "jobmanager") == pods[1]
    assert newest([], "jobmanager") is None


def reached(error: str | None, log: str = WAITED) -> Failure:
    found = find_failure([], log, error)
    assert found is not None
    return found


def test_what_the_job_waited_for_and_has_reached_is_not_told_any_more() -> None:
    """The failure that is found then ends the one that was told before."""
    assert reached(None).is_over
    assert reached(None).ends_earlier
    assert reached("bad").is_generic
    assert reached("bad").ends_earlier
    assert reached("exceeded quota: small").reason == "QuotaExceeded"
    assert reached("exceeded quota: small").ends_earlier
    again = f"{WAITED}\nINFO x - program_user_info_job.failure: [KafkaUnreachable] no answer"
    assert reached("bad", again) == Failure("KafkaUnreachable", "no answer")


@pytest.mark.parametrize(
    ("failure", "is_over", "is_generic"),
    [
        (Failure("Reached", "Cassandra: ready"), True, False),
        (Failure("JobFailing", "Flink reports: no"), False, True),
        (Failure("KafkaUnreachable", "no answer"), False, False),
    ],
)
def test_what_a_failure_is_worth(failure: Failure, is_over: bool, is_generic: bool) -> None:
    assert (failure.is_over, failure.is_generic) == (is_over, is_generic)


def test_a_message_is_one_line_of_500_characters_at_most() -> None:
    log = f"program_user_info_job.x: [Why] {'word ' * 200}"
    found = find_failure([], log, None)
    assert found is not None
    assert len(found.message) == 500


@pytest.mark.parametrize(
    ("status", "restarted"),
    [
        ({}, False),
        ({"containerStatuses": None}, False),
        ({"containerStatuses": [{"restartCount": 0}]}, False),
        ({"containerStatuses": [{"restartCount": 0}, {"restartCount": 2}]}, True),
    ],
)
def test_a_pod_has_restarted_if_one_of_its_containers_has(
    status: dict[str, Any], restarted: bool
) -> None:
    assert has_restarted({"status": status}) is restarted
