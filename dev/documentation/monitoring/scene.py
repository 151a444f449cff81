"""The scene of the documentation's pictures: jobs in several states, one of them at full load.

The one at full load has the default resources, so that the memory of its pods can be watched.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle, islice
from typing import Any

import yaml
from confluent_kafka import Producer

from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.demo.events import generate
from dev.cluster.demo.run import JOB, JOB_FILE, remove_jobs, wait_for_ready
from dev.cluster.demo.world import NAMESPACE, Kafka, open_cassandra, open_kafka
from dev.cluster.target import kubectl
from dev.steps import step

LOADED = JOB
"""The job at full load."""
_STEADY = f"{JOB}-staging"
_KEYSPACE = "pictures"
_POOL = 20_000
_POOL_BYTES = 64 << 20
"""Of larger events fewer are distinct."""
_BACKLOG_BYTES = 2_500 << 20
"""Of events not yet committed that the loaded job always has before it; a checkpoint's worth of
them may already be written."""
_CHUNK_BYTES = 160 << 20
_PAUSE_SECONDS = 5.0
_STEADY_PER_SECOND = 50
_RETENTION = {"retention.bytes": str(4 << 30), "segment.bytes": str(128 << 20)}

Object = dict[str, Any]
Feeder = Callable[[Kafka, str, threading.Event], None]
"""Sends events to a topic until it is over."""


@contextmanager
def scene() -> Iterator[None]:
    """The jobs run and are fed; all gone afterwards."""
    jobs = [_loaded(), _steady(), _suspended(), _without_secret()]
    with _running(jobs, {LOADED: _feed_fully, _STEADY: _feed_steadily}):
        yield


@contextmanager
def full_load(event_bytes: int) -> Iterator[None]:
    """The loaded job alone, its events at least so large; gone afterwards."""
    with _running([_loaded()], {LOADED: partial(_feed_fully, event_bytes=event_bytes)}):
        yield


@contextmanager
def _running(jobs: list[Object], feeders: dict[str, Feeder]) -> Iterator[None]:
    with open_kafka() as kafka:
        with step("apply jobs, wait until they run"):
            _remove(jobs)
            for topic in map(_topic, feeders):
                kafka.recreate(topic, configuration=_RETENTION)
                kafka.delete_group(_group(topic))
            for job in jobs:
                kubectl("apply", "-f", "-", stdin=json.dumps(job))
            for name in feeders:
                wait_for_ready(name)
        over = threading.Event()
        threads = [
            threading.Thread(target=feed, args=(kafka, _topic(name), over))
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
            _remove(jobs)
            for name in feeders:
                kafka.delete(_topic(name), f"{_topic(name)}.failed")


def kill_task_manager() -> None:
    """Of the steady job: the job recovers, and the dashboard tells of it."""
    selector = f"lern.sunbird.org/job={_STEADY},component=taskmanager"
    kubectl("delete", "pod", "-n", NAMESPACE, "-l", selector, "--grace-period=0", "--force")


def _job(name: str, environment: str = "dev", **spec: Any) -> Object:
    document: Object = yaml.safe_load(JOB_FILE.read_text(encoding="utf-8"))
    document["metadata"]["name"] = name
    table = name.replace("-", "_")
    document["spec"] |= {
        "environment": environment,
        "kafka": {
            "bootstrapServers": ["kafka:9092"],
            "topic": _topic(name),
            "groupId": _group(_topic(name)),
        },
        "cassandra": {
            "contactPoints": ["cassandra:9042"],
            "keyspace": _KEYSPACE,
            "table": table,
        },
    }
    document["spec"] |= spec
    return document


def _loaded() -> Object:
    # What a job has by default, not the little that the development environment gives it; the
    # collectors are those that the JVM chooses for such pods.
    return _job(
        LOADED,
        resources={
            "jobManager": {"cpu": 0.1, "memory": "1024m"},
            "taskManager": {"cpu": 1.0, "memory": "2048m"},
        },
        flink={
            "configuration": {
                "env.java.opts.taskmanager": "-XX:+UseG1GC",
                "env.java.opts.jobmanager": "-XX:+UseSerialGC",
            }
        },
    )


def _steady() -> Object:
    return _job(_STEADY, "staging")


def _suspended() -> Object:
    return _job(f"{JOB}-archive", state="suspended")


def _without_secret() -> Object:
    job = _job(f"{JOB}-next", "staging")
    job["spec"]["cassandra"]["credentials"] = {"secretName": "cassandra"}
    return job


def _topic(name: str) -> str:
    return f"{name}.events"


def _group(topic: str) -> str:
    return f"{topic}-group"


def _remove(jobs: list[Object]) -> None:
    remove_jobs(*(job["metadata"]["name"] for job in jobs))
    with open_cassandra() as session:
        session.execute(f"DROP KEYSPACE IF EXISTS {_KEYSPACE}")


def _feed_fully(kafka: Kafka, topic: str, over: threading.Event, event_bytes: int = 0) -> None:
    """There is always more than the job can take."""
    producer, events = _producer(), pool(event_bytes)
    mean = sum(map(len, events)) // len(events)
    endless = cycle(events)
    while not over.is_set():
        if kafka.lag(topic, _group(topic)) * mean < _BACKLOG_BYTES:
            _send(producer, topic, islice(endless, _CHUNK_BYTES // mean))
        else:
            over.wait(_PAUSE_SECONDS)


def _feed_steadily(_: Kafka, topic: str, over: threading.Event) -> None:
    producer, events = _producer(), cycle(pool())
    while not over.wait(1.0):
        _send(producer, topic, islice(events, _STEADY_PER_SECOND))


def _producer() -> Producer:
    properties = {"queue.buffering.max.kbytes": 2 * _CHUNK_BYTES >> 10, "log_level": "0"}
    return Producer({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}"} | properties)


def pool(event_bytes: int = 0) -> list[bytes]:
    """Distinct events; each has more keys than the job reads until it is so large."""
    events = [each.payload for each in generate(_POOL, seed=3, programs=200)]
    if event_bytes == 0:
        return events
    few = events[: _POOL_BYTES // event_bytes]
    return [_enlarged(each, event_bytes) for each in few]


def _enlarged(event: bytes, event_bytes: int) -> bytes:
    """The same with a list of small objects that nothing maps; what is malformed stays as it is."""
    missing = event_bytes - len(event)
    if missing <= 0 or not event.endswith(b"}"):
        return event
    entry = b'{"code": "4a1f09", "name": "Anantapur", "isActive": true}, '
    entries = (entry * (missing // len(entry) + 1)).removesuffix(b", ")
    return event[:-1] + b', "history": [' + entries + b"]}"


def _send(producer: Producer, topic: str, events: Iterable[bytes]) -> None:
    for payload in events:
        producer.produce(topic, payload)
        producer.poll(0)
    producer.flush(120)
