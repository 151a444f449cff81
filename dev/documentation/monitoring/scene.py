"""The jobs of the documentation's pictures, and those whose memory is watched at full load."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import yaml

from dev.cluster.demo.run import JOB, JOB_FILE, remove_jobs, wait_for_ready
from dev.cluster.demo.world import NAMESPACE, Kafka, open_cassandra, open_kafka
from dev.cluster.target import kubectl
from dev.documentation.monitoring.feed import Feeder, fully, in_waves
from dev.steps import step

_STEADY, _ARCHIVE, _NEXT = (f"{JOB}-{suffix}" for suffix in ("staging", "archive", "next"))
_CREDENTIALS = "cassandra"
_PICTURES, _SOAK = "pictures", "soak"
"""Keyspaces; both may run at once."""
_RETENTION = {"retention.bytes": str(4 << 30), "segment.bytes": str(128 << 20)}

Object = dict[str, Any]


@contextmanager
def scene() -> Iterator[None]:
    """Jobs in several states, which keep up with what they are sent; all gone afterwards."""
    jobs = [
        _job(JOB, _PICTURES),
        _job(_STEADY, _PICTURES, environment="staging"),
        _job(_ARCHIVE, _PICTURES, state="suspended"),
        _job(_NEXT, _PICTURES, {"secretName": _CREDENTIALS}, environment="staging"),
    ]
    feeders = {JOB: in_waves(400), _STEADY: in_waves(150), _NEXT: in_waves(60)}
    with _without_secret(), _running(jobs, feeders, [JOB, _STEADY]):
        yield


def put_secret() -> None:
    """What a job of the scene waits for: from now on it runs."""
    literals = ("--from-literal=username=anybody", "--from-literal=password=anything")
    kubectl("create", "secret", "generic", _CREDENTIALS, "-n", NAMESPACE, *literals)
    wait_for_ready(_NEXT)


@contextmanager
def _without_secret() -> Iterator[None]:
    delete = ("delete", "secret", _CREDENTIALS, "-n", NAMESPACE, "--ignore-not-found")
    kubectl(*delete)
    try:
        yield
    finally:
        kubectl(*delete)


def kill_task_manager() -> None:
    """Of a job of the scene: it recovers, and the dashboard tells of it."""
    selector = f"lern.sunbird.org/job={_STEADY},component=taskmanager"
    kubectl("delete", "pod", "-n", NAMESPACE, "-l", selector, "--grace-period=0", "--force")


def loaded(event_bytes: int) -> str:
    """The name of the job at full load with events of at least this many bytes."""
    return f"{_SOAK}-{event_bytes}" if event_bytes else _SOAK


@contextmanager
def full_load(sizes: Sequence[int]) -> Iterator[None]:
    """A job for each size of events, with the default memory; gone afterwards.

    They request little CPU, so that the node has room for all, and take what there is. The memory
    is what a job has by default, not the little that the development environment gives it, and the
    collectors are those that the JVM chooses for such pods.
    """
    resources = {
        "jobManager": {"cpu": 0.1, "memory": "1024m"},
        "taskManager": {"cpu": 0.3, "memory": "2048m"},
    }
    options = {
        "env.java.opts.taskmanager": "-XX:+UseG1GC",
        "env.java.opts.jobmanager": "-XX:+UseSerialGC",
    }
    jobs = [
        _job(loaded(size), _SOAK, resources=resources, flink={"configuration": options})
        for size in sizes
    ]
    feeders = {loaded(size): fully(size) for size in sizes}
    with _running(jobs, feeders, list(feeders)):
        yield


@contextmanager
def _running(
    jobs: Sequence[Object], feeders: Mapping[str, Feeder], ready: Sequence[str]
) -> Iterator[None]:
    with open_kafka() as kafka:
        with step("apply jobs, wait until they run"):
            _remove(jobs)
            for name in feeders:
                kafka.recreate(_topic(name), configuration=_RETENTION)
                kafka.delete_group(_group(name))
            for job in jobs:
                kubectl("apply", "-f", "-", stdin=json.dumps(job))
            for name in ready:
                wait_for_ready(name)
        try:
            with _fed(kafka, feeders):
                yield
        finally:
            _remove(jobs)
            for name in feeders:
                kafka.delete(_topic(name), f"{_topic(name)}.failed")


@contextmanager
def _fed(kafka: Kafka, feeders: Mapping[str, Feeder]) -> Iterator[None]:
    over = threading.Event()
    threads = [
        threading.Thread(target=feed, args=(kafka, _topic(name), _group(name), over))
        for name, feed in feeders.items()
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _job(
    name: str,
    keyspace: str,
    credentials: Object | None = None,
    *,
    environment: str = "dev",
    **spec: Any,
) -> Object:
    document: Object = yaml.safe_load(JOB_FILE.read_text(encoding="utf-8"))
    document["metadata"]["name"] = name
    cassandra = {
        "contactPoints": ["cassandra:9042"],
        "keyspace": keyspace,
        "table": name.replace("-", "_"),
    }
    document["spec"] |= {
        "environment": environment,
        "kafka": {
            "bootstrapServers": ["kafka:9092"],
            "topic": _topic(name),
            "groupId": _group(name),
        },
        "cassandra": cassandra | ({"credentials": credentials} if credentials else {}),
    }
    document["spec"] |= spec
    return document


def _topic(name: str) -> str:
    return f"{name}.events"


def _group(name: str) -> str:
    return f"{name}-group"


def _remove(jobs: Sequence[Object]) -> None:
    remove_jobs(*(job["metadata"]["name"] for job in jobs))
    with open_cassandra() as session:
        for keyspace in {job["spec"]["cassandra"]["keyspace"] for job in jobs}:
            session.execute(f"DROP KEYSPACE IF EXISTS {keyspace}")
