"""`make demo`: a job applied, events produced, rows and dead letters compared and shown."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.bring_up import up
from dev.cluster.demo.events import Generated, demo_events
from dev.cluster.demo.fold import Key, Row, fold
from dev.cluster.demo.world import (
    NAMESPACE,
    Kafka,
    differences,
    open_cassandra,
    open_kafka,
    read_rows,
)
from dev.cluster.target import kubectl
from dev.paths import REPOSITORY
from dev.steps import StepFailed, console, step
from program_user_info_operator.api.names import LABEL_JOB

JOB_FILE = REPOSITORY / "docs" / "examples" / "program-user-info.yaml"
JOB = "program-user-info"
TOPIC = "dev.programuser.info"
GROUP = "dev-programuser-group"
TABLE = "sunbird_programs.program_enrollment"
_SHOWN = ("program_name", "state_name", "district_name", "user_type", "user_sub_type")

_WIDTH = 150

_out = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)


def run_demo(count: int) -> None:
    """The whole demonstration. Raises `StepFailed` on any difference."""
    console.print("[bold]1. the cluster, the servers and the chart[/]")
    up()
    with open_kafka() as kafka:
        console.print("[bold]2. a clean start[/]")
        with step("remove what an earlier demo left"):
            clean(kafka)
        console.print("[bold]3. a ProgramUserInfoJob[/]")
        with step(f"kubectl apply -f {JOB_FILE.relative_to(REPOSITORY)}, wait until it is Ready"):
            kubectl("apply", "-f", str(JOB_FILE))
            wait_for_ready(JOB)
        console.print("[bold]4. events[/]")
        events = list(demo_events(count))
        with step(f"produce {len(events)} events"):
            produce(events)
        with step("wait until every event is in Cassandra or a dead letter, and committed"):
            kafka.wait_for_commit(TOPIC, GROUP)
        console.print("[bold]5. the outcome[/]")
        rejected = {event.payload: event.reason for event in events if event.reason}
        _show_objects()
        found = _show_rows()
        comparison = compare(kafka, rejected, found)
        _show_dead_letters(comparison.reasons)
    if comparison.records != len(events):
        raise StepFailed(f"{TOPIC} holds {comparison.records} records, {len(events)} were sent")
    if comparison.problems:
        shown = "\n".join(comparison.problems[:20])
        raise StepFailed(
            f"{len(comparison.problems)} differences from the fold of the events:\n{shown}"
        )
    _out.print(f"[green]{len(found)} rows equal the fold of {len(events)} events, cell by cell.[/]")
    console.print(
        'It all keeps running: eval "$(make -s env)" for kubectl, make cluster-down to end it.'
    )


def wait_for_ready(name: str, namespace: str = NAMESPACE, timeout: int = 300) -> None:
    """Wait until the job's Ready condition is true; on a failure, say what the job says."""
    try:
        kubectl(
            *("wait", f"puij/{name}", "-n", namespace, "--for=condition=Ready"),
            f"--timeout={timeout}s",
        )
    except StepFailed as failure:
        raise StepFailed(
            f"{failure}\n{kubectl('describe', 'puij', name, '-n', namespace)}"
        ) from None


def clean(kafka: Kafka) -> None:
    """Remove the job, its topics, its offsets and its table."""
    remove_jobs(JOB)
    kafka.recreate(TOPIC)
    kafka.delete(f"{TOPIC}.failed")
    kafka.delete_group(GROUP)
    with open_cassandra() as session:
        session.execute(f"DROP KEYSPACE IF EXISTS {TABLE.partition('.')[0]}")


def remove_jobs(*names: str) -> None:
    """Remove the jobs that are there, and wait until their pods are gone."""
    options = ("-n", NAMESPACE, "--timeout=120s")
    kubectl("delete", "puij", *names, "--ignore-not-found", *options)
    for name in names:
        kubectl("wait", "pods", "-l", f"{LABEL_JOB}={name}", "--for=delete", *options)


def configuration() -> dict[str, Any]:
    """The job's configuration as the controller rendered it."""
    config_map = kubectl(
        *("get", "configmap", "-n", NAMESPACE, "-l", f"lern.sunbird.org/job={JOB}", "-o", "yaml")
    )
    text = yaml.safe_load(config_map)["items"][0]["data"]["config.yaml"]
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def produce(events: Iterable[Generated]) -> None:
    """Send events through the job's own command, with the rendered configuration."""
    config = configuration()
    config["kafka"]["bootstrapServers"] = [f"127.0.0.1:{KAFKA_PORT}"]
    with tempfile.TemporaryDirectory() as folder:
        file, lines = Path(folder) / "config.yaml", Path(folder) / "events.jsonl"
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        lines.write_bytes(b"".join(event.payload + b"\n" for event in events))
        command = [sys.executable, "-m", "program_user_info_job", "produce", "--config"]
        done = subprocess.run(
            [*command, str(file), str(lines)], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        raise StepFailed(f"produce failed: {done.stderr.strip()}")


def _show_objects() -> None:
    for kind in ("puij", "flinkdeployment"):
        _out.print(f"\n[dim]$ kubectl get {kind} -n {NAMESPACE}[/]")
        _out.print(kubectl("get", kind, "-n", NAMESPACE).rstrip(), soft_wrap=True)


def _show_rows() -> dict[Key, Row]:
    with open_cassandra() as session:
        found = read_rows(session, TABLE)
    table = Table(title=f"{TABLE}: 8 of {len(found)} rows", title_justify="left")
    for column in ("program_id", "user_id", *_SHOWN, "updated_at"):
        table.add_column(column, overflow="ellipsis", no_wrap=True, max_width=22)
    for key, row in sorted(found.items())[:8]:
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(row["updated_at"] / 1000))
        table.add_row(*key, *(str(row.get(column, "-")) for column in _SHOWN), moment)
    _out.print()
    _out.print(table)
    return found


@dataclass(frozen=True)
class Comparison:
    """What differs from the events, in sentences without any value, and what was rejected why.

    `records` is the number of records that were in the topic.
    """

    records: int
    problems: list[str]
    reasons: Counter[str]


def compare(
    kafka: Kafka, rejected: dict[bytes, str], found: dict[Key, Row], topic: str = TOPIC
) -> Comparison:
    """Rows against the fold of the topic, dead letters against the events that are malformed."""
    records = kafka.records(topic)
    expected = {
        (str(record.partition), str(record.offset)): record
        for record in records
        if (record.payload or b"") in rejected
    }
    good = [record for record in records if (record.payload or b"") not in rejected]
    problems = differences(fold(good), found)
    letters = kafka.dead_letters(f"{topic}.failed")
    seen = {
        (letter.headers["source-partition"], letter.headers["source-offset"]): letter
        for letter in letters
    }
    for place in expected.keys() | seen.keys():
        where = f"partition {place[0]} offset {place[1]}"
        if place not in seen:
            problems.append(f"no dead letter for {where}")
        elif place not in expected:
            problems.append(f"unexpected dead letter for {where}")
        else:
            payload, letter = expected[place].payload or b"", seen[place]
            if letter.headers["reason"] != rejected[payload]:
                problems.append(f"{where}: {letter.headers['reason']}, not {rejected[payload]}")
            if (letter.payload or b"") != payload:
                problems.append(f"{where}: the dead letter's bytes differ from the event's")
    return Comparison(
        len(records), problems, Counter(letter.headers["reason"] for letter in letters)
    )


def _show_dead_letters(reasons: Counter[str]) -> None:
    table = Table(title=f"dead letters in {TOPIC}.failed", title_justify="left")
    table.add_column("reason")
    table.add_column("count", justify="right")
    for reason, number in sorted(reasons.items()):
        table.add_row(reason, str(number))
    _out.print(table)
