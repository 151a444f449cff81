"""`make demo`: a job applied, events produced, rows and dead letters compared and shown."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from dev.cluster.target import kubectl
from dev.demo.events import demo_events, write_file
from dev.demo.fold import Key, Row, fold
from dev.demo.world import (
    KAFKA_PORT,
    NAMESPACE,
    Kafka,
    differences,
    open_cassandra,
    open_kafka,
    read_rows,
)
from dev.environment import up
from dev.paths import REPOSITORY
from dev.steps import StepFailed, console, step

JOB_FILE = REPOSITORY / "docs" / "examples" / "program-user-info.yaml"
JOB = "program-user-info"
_TOPIC = "dev.programuser.info"
_GROUP = "dev-programuser-group"
_TABLE = "sunbird_programs.program_enrollment"
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
            _clean(kafka)
        console.print("[bold]3. a ProgramUserInfoJob[/]")
        with step(f"kubectl apply -f {JOB_FILE.relative_to(REPOSITORY)}, wait until it is Ready"):
            kubectl("apply", "-f", str(JOB_FILE))
            wait_for_ready(JOB)
        console.print("[bold]4. events[/]")
        events = list(demo_events(count))
        with step(f"produce {len(events)} events"):
            _produce(count)
        with step("wait until every event is in Cassandra or a dead letter, and committed"):
            kafka.wait_for_commit(_TOPIC, _GROUP)
        console.print("[bold]5. the outcome[/]")
        rejected = {event.payload: event.reason for event in events if event.reason}
        _show_objects()
        found = _show_rows()
        problems = _compare(kafka, rejected, found)
    if problems:
        shown = "\n".join(problems[:20])
        raise StepFailed(f"{len(problems)} differences from the fold of the events:\n{shown}")
    _out.print(f"[green]{len(found)} rows equal the fold of {len(events)} events, cell by cell.[/]")
    console.print(
        'It all keeps running: eval "$(make -s env)" for kubectl, make cluster-down to end it.'
    )


def wait_for_ready(name: str, namespace: str = NAMESPACE, timeout: int = 300) -> None:
    """Wait until the job's Ready condition is true for its present generation."""
    try:
        kubectl(
            *("wait", f"puij/{name}", "-n", namespace, "--for=condition=Ready"),
            f"--timeout={timeout}s",
        )
    except StepFailed as failure:
        raise StepFailed(
            f"{failure}\n{kubectl('describe', 'puij', name, '-n', namespace)}"
        ) from None


def _clean(kafka: Kafka) -> None:
    kubectl("delete", "puij", JOB, "-n", NAMESPACE, "--ignore-not-found", "--wait=true")
    kubectl(
        *("wait", "pods", "-n", NAMESPACE, "-l", f"lern.sunbird.org/job={JOB}"),
        *("--for=delete", "--timeout=120s"),
    )
    kafka.recreate(_TOPIC)
    kafka.delete(f"{_TOPIC}.failed")
    kafka.delete_group(_GROUP)
    with open_cassandra() as session:
        session.execute(f"DROP KEYSPACE IF EXISTS {_TABLE.partition('.')[0]}")


def _produce(count: int) -> None:
    """Through the job's own command, with the configuration that the controller rendered."""
    config_map = kubectl(
        *("get", "configmap", "-n", NAMESPACE, "-l", f"lern.sunbird.org/job={JOB}", "-o", "yaml")
    )
    config = yaml.safe_load(yaml.safe_load(config_map)["items"][0]["data"]["config.yaml"])
    config["kafka"]["bootstrapServers"] = [f"127.0.0.1:{KAFKA_PORT}"]
    with tempfile.TemporaryDirectory() as folder:
        file, events = Path(folder) / "config.yaml", Path(folder) / "events.jsonl"
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        write_file(events, demo_events(count))
        command = [sys.executable, "-m", "program_user_info_job", "produce", "--config"]
        done = subprocess.run(
            [*command, str(file), str(events)], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        raise StepFailed(f"produce failed: {done.stderr.strip()}")


def _show_objects() -> None:
    for kind in ("puij", "flinkdeployment"):
        _out.print(f"\n[dim]$ kubectl get {kind} -n {NAMESPACE}[/]")
        _out.print(kubectl("get", kind, "-n", NAMESPACE).rstrip(), soft_wrap=True)


def _show_rows() -> dict[Key, Row]:
    with open_cassandra() as session:
        found = read_rows(session, _TABLE)
    table = Table(title=f"{_TABLE}: 8 of {len(found)} rows", title_justify="left")
    for column in ("program_id", "user_id", *_SHOWN, "updated_at"):
        table.add_column(column, overflow="ellipsis", no_wrap=True, max_width=22)
    for key, row in sorted(found.items())[:8]:
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(row["updated_at"] / 1000))
        table.add_row(*key, *(str(row.get(column, "-")) for column in _SHOWN), moment)
    _out.print()
    _out.print(table)
    return found


def _compare(kafka: Kafka, rejected: dict[bytes, str], found: dict[Key, Row]) -> list[str]:
    records = kafka.records(_TOPIC)
    good = [record for record in records if (record.payload or b"") not in rejected]
    problems = differences(fold(good), found)

    letters = kafka.dead_letters(f"{_TOPIC}.failed")
    expected = {
        (str(record.partition), str(record.offset)): rejected[record.payload or b""]
        for record in records
        if (record.payload or b"") in rejected
    }
    reasons = Counter(letter.headers["reason"] for letter in letters)
    table = Table(title=f"dead letters in {_TOPIC}.failed", title_justify="left")
    table.add_column("reason")
    table.add_column("count", justify="right")
    for reason, number in sorted(reasons.items()):
        table.add_row(reason, str(number))
    _out.print(table)
    seen = {
        (letter.headers["source-partition"], letter.headers["source-offset"]): letter
        for letter in letters
    }
    payloads = {(str(each.partition), str(each.offset)): each.payload for each in records}
    for place in expected.keys() | seen.keys():
        where = f"partition {place[0]} offset {place[1]}"
        if place not in seen:
            problems.append(f"no dead letter for {where}")
        elif place not in expected:
            problems.append(f"unexpected dead letter for {where}")
        elif seen[place].headers["reason"] != expected[place]:
            problems.append(f"{where}: {seen[place].headers['reason']}, not {expected[place]}")
        elif (seen[place].payload or b"") != (payloads[place] or b""):
            problems.append(f"{where}: the dead letter's bytes differ from the event's")
    return problems
