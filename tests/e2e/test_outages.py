"""Kill -9 in mid-stream, under load: the job recovers, and nothing is lost or corrupted.

The servers' containers are killed from the node; their data outlives them, as on a real disk.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator

import pytest

from dev.cluster.demo.world import NAMESPACE, open_kafka
from dev.cluster.node import ctr
from dev.cluster.target import kubectl
from dev.steps import StepFailed, capture
from tests.cluster import eventually, the_pod
from tests.e2e.fleet import Fleet, open_fleet

pytestmark = [pytest.mark.cluster, pytest.mark.early(2)]

NAME = "outages"
OUTAGE_SECONDS = 60
_PER_SECOND = 250

KILL_WORKERS = """
import os, pathlib, signal
for entry in pathlib.Path("/proc").glob("[0-9]*"):
    if b"pyflink" in (entry / "cmdline").read_bytes() and int(entry.name) not in (1, os.getpid()):
        if b"java" not in (entry / "cmdline").read_bytes().split(b"\\0")[0]:
            print("killed", entry.name)
            os.kill(int(entry.name), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with open_kafka() as kafka, open_fleet(kafka, NAME) as fleet:
        yield fleet


def container(selector: str) -> str:
    """The running container's id in containerd; raises `StepFailed` where there is none."""
    (status,) = the_pod(selector)["status"]["containerStatuses"]
    if "running" not in status["state"]:
        raise StepFailed("it does not run")
    found: str = status["containerID"]
    return found.removeprefix("containerd://")


def kill_container(selector: str) -> None:
    capture(ctr("tasks", "kill", "--signal", "SIGKILL", container(selector)))


def kill_python_worker() -> None:
    name = the_pod(f"component=taskmanager,lern.sunbird.org/job={NAME}")["metadata"]["name"]
    command = ("exec", name, "-n", NAMESPACE, "--", "python3", "-c", KILL_WORKERS)
    assert "killed" in kubectl(*command)


def kill_task_manager() -> None:
    kill_container(f"component=taskmanager,lern.sunbird.org/job={NAME}")


def kill_broker() -> None:
    kill_container("app=kafka")


def kill_cassandra_for_a_minute() -> None:
    """As often as it comes up again meanwhile."""
    until = time.monotonic() + OUTAGE_SECONDS
    kills = 0
    while time.monotonic() < until:
        try:
            kill_container("app=cassandra")
            kills += 1
        except StepFailed:  # it is down
            time.sleep(0.5)
    assert kills >= 1


@pytest.mark.parametrize(
    "outage",
    [kill_python_worker, kill_task_manager, kill_broker, kill_cassandra_for_a_minute],
    ids=lambda outage: outage.__name__,
)
def test_nothing_is_lost_or_corrupted(fleet: Fleet, outage: Callable[[], None]) -> None:
    fleet.send(2000)
    with fleet.traffic(_PER_SECOND):
        eventually(lambda: fleet.lag() < 2000, "the job is in mid-stream")
        outage()
        eventually(lambda: is_ready("app=kafka") and is_ready("app=cassandra"), "servers", 180)
    eventually(lambda: fleet.lag() == 0, "all is committed", 300)
    assert fleet.differences() == []
    assert killed_for_memory() == []


def is_ready(selector: str) -> bool:
    (status,) = the_pod(selector)["status"]["containerStatuses"]
    return bool(status["ready"])


def killed_for_memory() -> list[str]:
    """Pods of the job that have, or had, a container that took more than its limit."""
    answer = kubectl(
        "get", "pods", "-n", NAMESPACE, "-l", f"lern.sunbird.org/job={NAME}", "-o", "json"
    )
    return [
        found["metadata"]["name"]
        for found in json.loads(answer)["items"]
        if re.search("OOMKilled", json.dumps(found["status"]))
    ]
