"""The picture of all jobs: numbers from Flink, sentences from the controller."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rich.console import Console

from program_user_info_operator.api.status import Checkpoint, Condition, JobStatus
from program_user_info_operator.cli.status_table import JobPicture, as_json, as_table
from program_user_info_operator.observed.flink_metrics import (
    FlinkMetrics,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def picture(name: str, condition: tuple[str, str, str] | None, metrics: FlinkMetrics) -> JobPicture:
    conditions = []
    if condition is not None:
        kind, reason, message = condition
        conditions = [
            Condition.model_validate(
                {
                    "type": kind,
                    "status": "True",
                    "reason": reason,
                    "message": message,
                    "lastTransitionTime": NOW,
                    "observedGeneration": 1,
                }
            )
        ]
    status = JobStatus(conditions=conditions, image_version="1.2.0")
    return JobPicture("namespace", name, "dev", status, metrics)


def shown(*pictures: JobPicture, width: int = 140) -> str:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(as_table(pictures, NOW))
    return capture.get()


RUNNING = picture(
    "runs",
    ("Ready", "Running", "the job is running"),
    FlinkMetrics(
        12_345,
        1234.5,
        99,
        7,
        Checkpoint(id=3, time=NOW - timedelta(seconds=12)),
        waiting=12_346,
        newest_record=NOW - timedelta(seconds=42),
        newest_update=NOW - timedelta(seconds=44),
    ),
)
STALLED = picture("stands", ("Stalled", "SecretMissing", "Secret kafka is missing"), FlinkMetrics())


def test_a_line_for_each_job_and_a_sentence_for_those_that_are_not_ready() -> None:
    lines = shown(RUNNING, STALLED).splitlines()
    assert lines[0].split() == [
        *("NAMESPACE", "JOB", "ENV", "STATE", "VERSION"),
        *("LAG", "BEHIND", "EVENTS/S", "REJECTED", "CHECKPOINT"),
    ]
    assert lines[1].split() == [
        *("namespace", "runs", "dev", "Running", "1.2.0", "12,345", "42", "s"),
        *("1,234", "7", "12", "s", "ago"),
    ]
    assert lines[2].split()[3:] == ["Stalled:", "SecretMissing", "1.2.0", *"-----"]
    assert lines[-1] == "namespace/stands: Secret kafka is missing"
    assert "runs:" not in shown(RUNNING)


def test_nothing_is_cut_at_120_columns() -> None:
    sample = replace(RUNNING, namespace="sunbird-production", name="program-user-info")
    lines = shown(sample, STALLED, width=120).splitlines()
    assert all(len(line) <= 120 for line in lines)
    for name in ("NAMESPACE", "STATE", "BEHIND", "EVENTS/S", "REJECTED", "CHECKPOINT"):
        assert name in lines[0]
    assert "sunbird-production" in lines[1]
    assert "…" not in "".join(shown(sample, STALLED, width=60))


def test_a_job_that_no_controller_has_seen_and_no_job_at_all() -> None:
    assert "not seen by a controller" in shown(picture("new", None, FlinkMetrics()))
    assert "no ProgramUserInfoJob found" in shown()


def test_ages_are_in_the_unit_that_a_person_would_use() -> None:
    def age(**time: int) -> str:
        checkpoint = Checkpoint(id=1, time=NOW - timedelta(**time))
        words = (
            shown(picture("job", None, FlinkMetrics(checkpoint=checkpoint))).splitlines()[1].split()
        )
        return " ".join(words[-3:])

    assert [age(seconds=59), age(minutes=59), age(hours=30)] == [
        "59 s ago",
        "59 min ago",
        "30 h ago",
    ]


def test_programs_get_numbers() -> None:
    first, second = json.loads(as_json([RUNNING, STALLED], NOW))
    assert first["eventsPerSecond"] == 1234.5
    assert (first["secondsBehind"], first["secondsBehindUpdatedAt"]) == (42, 44)
    assert second["secondsBehind"] is None
    assert first["lastCheckpoint"] == {"id": 3, "time": "2025-12-31T23:59:48Z"}
    assert (second["state"], second["reason"], second["lag"]) == ("Stalled", "SecretMissing", None)
