"""A job applied with kubectl, events in Kafka, rows in Cassandra: the whole chain, for real."""

from __future__ import annotations

import json
import re

import pytest
from confluent_kafka import Producer

from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.chart_release import NAMESPACE as CONTROLLER_NAMESPACE
from dev.cluster.demo.events import generate
from dev.cluster.demo.run import GROUP, TABLE, compare, configuration, produce
from dev.cluster.demo.world import open_cassandra, read_rows
from dev.cluster.forward import port_forward
from tests.cluster import CONTROLLER, condition, controller_stopped, eventually, settled
from tests.e2e.conftest import Running
from tests.monitoring import metrics

pytestmark = pytest.mark.cluster


def drain(running: Running) -> None:
    running.kafka.wait_for_commit(running.topic, GROUP)


def differences(running: Running) -> list[str]:
    """What is in the table and the dead-letter topic against the fold of the whole topic."""
    rejected = {event.payload: event.reason for event in running.events if event.reason}
    with open_cassandra() as session:
        found = read_rows(session, TABLE)
    assert len(found) > 1000
    return compare(running.kafka, rejected, found).problems


def changed(**fields: object) -> bytes:
    """A good event with other fields."""
    payload = next(event.payload for event in generate(1, seed=41))
    return json.dumps(json.loads(payload) | fields).encode()


def test_rows_and_dead_letters_equal_the_fold_of_the_events(running: Running) -> None:
    produce(running.events)
    drain(running)
    assert differences(running) == []


def test_sending_everything_again_backwards_leaves_the_fold_of_all(running: Running) -> None:
    produce(reversed(running.events))
    drain(running)
    assert differences(running) == []


def test_tombstones_end_in_the_dead_letter_topic_with_and_without_a_key(running: Running) -> None:
    known = len(running.kafka.dead_letters(f"{running.topic}.failed"))
    producer = Producer({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}"})
    producer.produce(running.topic, None, partition=0)
    producer.produce(running.topic, None, key=b"key", partition=0)
    assert producer.flush(30) == 0
    drain(running)
    letters = running.kafka.dead_letters(f"{running.topic}.failed")
    new = [letter for letter in letters if "tombstone" in letter.headers["detail"]]
    assert len(letters) == known + 2
    assert [letter.payload for letter in new] == [None, None]
    assert {letter.headers["reason"] for letter in new} == {"INVALID_JSON"}
    assert new[0].headers.keys() == {
        "reason",
        "detail",
        *(f"source-{name}" for name in ("topic", "partition", "offset", "timestamp")),
    }
    assert new[0].headers["source-topic"] == running.topic
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", new[0].headers["source-timestamp"])


GOOD = next(event.payload for event in generate(1, seed=41))
WRONG = {
    "a bad date": (changed(updatedAt="2023-13-45T00:00:00Z"), "INVALID_FIELD"),
    "no user": (changed(userId=None), "USER_ID_MISSING"),
    "a field of 2 MB": (changed(programName="x" * (2 << 20)), "TOO_LARGE"),
    "invalid UTF-8": (GOOD.replace(b"Program", b"\xc3\x28", 1), "INVALID_JSON"),
    "an array for a profile": (changed(userProfile=[{}]), "USER_PROFILE_MISSING"),
    "a time in the future": (changed(updatedAt="2999-01-01T00:00:00Z"), "TIMESTAMP_IN_FUTURE"),
}


def test_each_wrong_event_is_a_dead_letter_and_those_around_it_are_rows(running: Running) -> None:
    users = [f"user-beside-{number}" for number in range(len(WRONG))]
    producer = Producer(
        {"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}", "message.max.bytes": 8 << 20}
    )
    for user, (payload, _) in zip(users, WRONG.values(), strict=True):
        producer.produce(running.topic, changed(userId=user), partition=0)
        producer.produce(running.topic, payload, partition=0)
    assert producer.flush(30) == 0
    drain(running)
    letters = running.kafka.dead_letters(f"{running.topic}.failed")
    reasons = {letter.payload: letter.headers["reason"] for letter in letters}
    found = {what: reasons.get(payload) for what, (payload, _) in WRONG.items()}
    assert found == {what: reason for what, (_, reason) in WRONG.items()}
    with open_cassandra() as session:
        written = {user for _, user in read_rows(session, TABLE)}
    assert set(users) <= written


def test_flink_counts_rows_rejections_latency_and_lag(running: Running) -> None:
    selector = f"component=taskmanager,lern.sunbird.org/job={running.name}"
    (pod,) = running.namespace.names("pods", selector)
    wanted = ("rows_written", "rows_rejected", "write_calls", "records_lag_max")

    def probe() -> bool:
        served = scrape(running, pod)
        return all(name in served for name in wanted) and 'reason="INVALID_JSON"' in served

    eventually(probe, "the TaskManager's metrics are complete", timeout=90)
    served = scrape(running, pod)
    assert counted(served, "rows_written") >= len(
        [each for each in running.events if each.reason is None]
    )
    assert counted(served, "write_calls") > 0
    assert counted(served, "write_milliseconds") > 0


def counted(served: str, name: str) -> float:
    found = re.search(rf"^\S*{name}\{{[^}}]*\}} (\S+)$", served, re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_alerts_and_dashboards_ask_for_metrics_that_flink_has(running: Running) -> None:
    for component in ("jobmanager", "taskmanager"):
        (pod,) = running.namespace.names(
            "pods", f"component={component},lern.sunbird.org/job={running.name}"
        )
        wanted = metrics(f"flink_{component}")
        assert wanted
        served = scrape(running, pod)
        assert {name for name in wanted if f"# TYPE {name} " not in served} == set()


def scrape(running: Running, pod: str) -> str:
    import urllib.request

    with (
        port_forward(f"pod/{pod}", running.namespace.name, 9249) as port,
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as response,
    ):
        text: str = response.read().decode()
        return text


def test_the_status_tells_what_runs(running: Running) -> None:
    found = running.namespace.get("puij", running.name)
    assert found is not None
    status = found["status"]
    assert condition(found, "Ready")["status"] == "True"
    assert status["jobState"] == "RUNNING"
    assert re.fullmatch("[0-9a-f]{32}", status["jobId"])
    line = running.namespace.run("get", "puij", running.name)
    assert re.search(r"READY .*\n.* dev +RUNNING +True +Running ", line)
    assert configuration()["kafka"]["groupId"] == GROUP


def test_each_step_is_logged_with_counts(running: Running) -> None:
    logs = running.namespace.flink_logs(running.name)
    steps = ["connected to Kafka", "dead-letter topic created", "connected to Cassandra"]
    for said in [*steps, "table is ready"]:
        assert f'"event": "{said}"' in logs
    (pod,) = running.namespace.names(
        "pods", f"component=taskmanager,lern.sunbird.org/job={running.name}"
    )
    worker = running.namespace.run("logs", pod)
    assert "write stage connected to Cassandra" in worker
    assert re.search(r'"events": \d+, "rejected": \d+.*"event": "rows acknowledged"', worker)


def test_no_log_holds_personal_data(running: Running) -> None:
    logs = running.namespace.flink_logs(running.name)
    for pod in running.namespace.names(
        "pods", f"component=taskmanager,lern.sunbird.org/job={running.name}"
    ):
        logs += running.namespace.run("logs", pod)
    logs += running.namespace.run("logs", CONTROLLER, "-n", CONTROLLER_NAMESPACE)
    logs += running.namespace.run("get", "events", "-o", "json")
    logs += running.namespace.run("get", "puij", "-o", "json")
    personal = set()
    for event in running.events:
        if event.reason is None and event.payload.startswith(b'{"_id": '):
            document = json.loads(event.payload)
            personal |= {document["userId"], document["userProfile"]["firstName"]}
            personal |= {
                place["name"] for place in document["userProfile"].get("userLocations", [])
            }
    assert len(personal) > 1000
    # Whole words only: a name of three letters may be part of anything.
    words = set(re.findall(r"[\w-]+", logs))
    assert len(words) > 500
    assert {name for name in personal if name in words or (" " in name and name in logs)} == set()


def test_the_images_run_as_users_without_rights_and_hold_flink_once(running: Running) -> None:
    shell = (
        "id -u; find / -xdev -name 'flink-dist*.jar' 2>/dev/null | wc -l;"
        " command -v gcc cc c++ || echo none"
    )
    selector = f"component=jobmanager,lern.sunbird.org/job={running.name}"
    (pod,) = running.namespace.names("pods", selector)
    assert running.namespace.run("exec", pod, "--", "sh", "-c", shell).split() == [
        "9999",
        "1",
        "none",
    ]
    found = running.namespace.run(
        *("exec", CONTROLLER, "-n", CONTROLLER_NAMESPACE, "--", "sh", "-c", shell)
    )
    assert found.split() == ["10001", "0", "none"]


def test_a_full_replay_of_the_topic_changes_nothing(running: Running) -> None:
    with open_cassandra() as session:
        before = read_rows(session, TABLE)
    rewind = {"spec": {"kafka": {"startingOffsets": "earliest"}}}
    running.namespace.run("patch", "puij", running.name, "--type=merge", "-p", json.dumps(rewind))
    settled(running.namespace, running.name)
    logs = running.namespace.flink_logs(running.name)
    assert '"event": "start of the group set"' in logs
    drain(running)
    with open_cassandra() as session:
        assert read_rows(session, TABLE) == before


def test_deleting_the_job_while_the_controller_is_stopped_removes_its_pods(
    running: Running,
) -> None:
    selector = f"lern.sunbird.org/job={running.name}"
    assert running.namespace.names("pods", selector)
    with controller_stopped():
        running.namespace.run("delete", "puij", running.name, "--timeout=60s")
        eventually(
            lambda: not running.namespace.names("flinkdeployments,configmaps,pods", selector),
            "FlinkDeployment, ConfigMaps and pods are gone",
            timeout=120,
        )
