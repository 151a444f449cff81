"""`kubectl puij`: what each verb changes, and what it shows, against a kubectl that records."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from program_user_info_job.cli.main import app as job_app
from program_user_info_operator.cli.main import app as operator_app
from program_user_info_operator.cli.plugin import app

REVISION = {
    "hash": "a",
    "image": "job:1",
    "configHash": "c",
    "started": "2026-01-01T00:00:00Z",
}
JOB: dict[str, Any] = {
    "metadata": {"name": "job", "namespace": "jobs"},
    "spec": {"environment": "dev", "restartNonce": 4, "kafka": {"topic": "events"}},
    "status": {
        "conditions": [
            {
                "type": "Stalled",
                "status": "True",
                "reason": "SecretMissing",
                "message": "Secret login is missing: create it",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
                "observedGeneration": 1,
            }
        ],
        "topic": "events",
        "keyspace": "k",
        "table": "t",
        "lastGoodRevision": 2,
        "revisions": [
            REVISION | {"number": 1, "cause": "Created", "outcome": "Stable", "hash": "b"},
            REVISION | {"number": 2, "cause": "Spec", "outcome": "Stable", "hash": "c"},
            REVISION
            | {"number": 3, "cause": "Spec", "outcome": "RolledBack", "reason": "no image"},
        ],
        "sources": {"kafka.topic": "spec", "cassandra.ttl": "profile", "parallelism": "default"},
    },
}
SCRIPT = """#!/bin/sh
echo "$@" >> "$RECORD"
case "$1" in
  get) cat "$ANSWER" ;;
  logs) printf '[pod/a] INFO Flink\\n[pod/a] program_user_info_job: written\\n' ;;
esac
exit "${STATUS:-0}"
"""

Puij = Callable[..., tuple[Result, list[str]]]


@pytest.fixture
def puij(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Puij:
    """Runs a verb; also returns the calls of kubectl."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(SCRIPT)
    kubectl.chmod(kubectl.stat().st_mode | stat.S_IEXEC)
    record, answer = tmp_path / "record", tmp_path / "answer"
    record.touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("RECORD", str(record))
    monkeypatch.setenv("ANSWER", str(answer))

    def run(*arguments: str, job: dict[str, Any] = JOB) -> tuple[Result, list[str]]:
        answer.write_text(json.dumps(job))
        result = CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)
        return result, record.read_text().splitlines()

    return run


@pytest.mark.parametrize(
    ("verb", "patch"),
    [
        ("restart", {"spec": {"restartNonce": 5}}),
        ("suspend", {"spec": {"state": "suspended"}}),
        ("resume", {"spec": {"state": "running"}}),
        ("savepoint", {"spec": {"savepoint": {"triggerNonce": 1}}}),
        ("undo", {"spec": {"upgrade": {"revision": 1}}}),
        ("undo --to 7", {"spec": {"upgrade": {"revision": 7}}}),
        ("undo --end", {"spec": {"upgrade": {"revision": None}}}),
        ("pause", {"metadata": {"annotations": {"lern.sunbird.org/paused": "true"}}}),
        ("pause --end", {"metadata": {"annotations": {"lern.sunbird.org/paused": None}}}),
    ],
)
def test_a_verb_changes_one_field(puij: Puij, verb: str, patch: dict[str, Any]) -> None:
    result, calls = puij(*verb.split(), "job", "-n", "jobs")
    assert result.exit_code == 0, result.output
    read, change = calls
    kind = "programuserinfojobs.lern.sunbird.org"
    assert read == f"get {kind} job --namespace=jobs --output=json"
    assert change == f"patch {kind} job --namespace=jobs --type=merge -p {json.dumps(patch)}"
    assert result.stdout.startswith("job ")


def test_without_an_earlier_good_revision_there_is_nothing_to_undo(puij: Puij) -> None:
    new = {**JOB, "status": {**JOB["status"], "revisions": JOB["status"]["revisions"][:1]}}
    result, calls = puij("undo", "job", job=new)
    assert (result.exit_code, len(calls)) == (1, 1)
    assert "no earlier revision was good" in result.stderr


def test_open_asks_for_the_deployment_that_writes(
    puij: Puij, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    running = {**JOB, "status": {**JOB["status"], "deployment": "job-1234"}}
    result, _ = puij("open", "job", job=running)
    assert result.exit_code == 0
    assert opened == [
        "http://127.0.0.1:8001/api/v1/namespaces/jobs/services/job-1234-rest:8081/proxy/"
    ]
    nowhere, _ = puij("open", "job")
    assert "job has no FlinkDeployment yet" in nowhere.stderr


def test_the_contexts_namespace_is_the_default(puij: Puij) -> None:
    _, (read, change) = puij("restart", "job")
    assert "--namespace" not in read
    assert "--namespace=jobs" in change


def test_history_shows_each_revision_and_why_one_went_back(puij: Puij) -> None:
    result, _ = puij("history", "job")
    lines = [line.split() for line in result.stdout.splitlines() if line]
    assert lines[0] == ["REVISION", "STARTED", "CAUSE", "OUTCOME", "IMAGE"]
    assert lines[1] == ["3", "2026-01-01", "00:00:00Z", "Spec", "RolledBack", "job:1"]
    assert lines[2][:2] == ["2", "(good)"]
    assert "revision 3: no image" in result.stdout


def test_explain_shows_the_condition_and_who_set_what(puij: Puij) -> None:
    result, _ = puij("explain", "job")
    assert "Stalled: SecretMissing: Secret login is missing: create it" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["kafka.topic", "spec", "events"] in rows
    assert ["cassandra.ttl", "profile", "-"] in rows
    assert "parallelism" not in result.stdout


def test_logs_are_of_all_pods_of_the_job(puij: Puij) -> None:
    result, calls = puij("logs", "job", "--tail", "5")
    assert calls[1].startswith(
        "logs --selector=lern.sunbird.org/job=job,component in (jobmanager,taskmanager)"
        " --namespace=jobs --tail=5 --prefix"
    )
    assert len(result.stdout.splitlines()) == 2
    only, _ = puij("logs", "job", "--write-stage")
    assert only.stdout == "[pod/a] program_user_info_job: written\n"


def test_what_kubectl_refuses_is_one_sentence(puij: Puij, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUS", "1")
    result, _ = puij("restart", "job")
    assert (result.exit_code, result.stderr) == (1, "error: kubectl ended with status 1\n")


@pytest.mark.parametrize("program", [app, operator_app, job_app])
def test_each_program_tells_its_version(program: Any) -> None:
    result = CliRunner().invoke(program, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.startswith("program-user-info-")
