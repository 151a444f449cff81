"""The picture of all jobs: numbers from Flink, sentences from the controller."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from rich.console import Console

from program_user_info_operator.api.status import Checkpoint, Condition, JobStatus
from program_user_info_operator.cli.status import JobPicture, as_json, as_table
from program_user_info_operator.observed.live import Live, live, vertices, wanted_metrics

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OFFERED = [
    "Source__events[1].pendingRecords",
    "Source__events[1].numRecordsOutPerSecond",
    "Source__events[1].KafkaSourceReader.KafkaConsumer.records-lag-max",
    "PythonCalc[2].numRecordsOutPerSecond",
    "PythonCalc[2].reason.INVALID_JSON.rows_rejected",
    "PythonCalc[2].reason.INVALID_FIELD.rows_rejected",
    "PythonCalc[2].rows_written",
    "numRecordsOutPerSecond",
]


def picture(name: str, condition: tuple[str, str, str] | None, live: Live) -> JobPicture:
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
    return JobPicture("namespace", name, "dev", status, live)


def shown(*pictures: JobPicture) -> str:
    console = Console(width=140)
    with console.capture() as capture:
        console.print(as_table(pictures, NOW))
    return capture.get()


RUNNING = picture(
    "runs",
    ("Ready", "Running", "the job is running"),
    Live(12_345, 1234.5, 99, 7, Checkpoint(id=3, time=NOW - timedelta(seconds=12))),
)
STALLED = picture("stands", ("Stalled", "SecretMissing", "Secret kafka is missing"), Live())


def test_only_what_is_shown_is_asked_for() -> None:
    assert wanted_metrics([{"id": name} for name in OFFERED]) == sorted(
        [OFFERED[0], OFFERED[1], OFFERED[4], OFFERED[5], OFFERED[6]]
    )
    assert wanted_metrics(None) == []


def test_sums_are_over_vertices_and_reasons() -> None:
    sums = [{"id": name, "sum": 10.0} for name in OFFERED] * 2
    assert live(sums, None) == Live(20, 20.0, 20, 40, None)


def test_what_flink_does_not_say_is_not_zero() -> None:
    assert live([], None) == Live(None, None, None, None, None)
    assert vertices(None) == []
    assert vertices({"vertices": [{"id": "a"}, {"id": "b"}]}) == ["a", "b"]


def test_a_line_for_each_job_and_a_sentence_for_those_that_are_not_ready() -> None:
    lines = shown(RUNNING, STALLED).splitlines()
    assert lines[0].split() == [
        *("NAMESPACE", "JOB", "ENVIRONMENT", "STATE", "VERSION"),
        *("LAG", "EVENTS/S", "REJECTED", "CHECKPOINT"),
    ]
    assert lines[1].split() == [
        *("namespace", "runs", "dev", "Running", "1.2.0", "12,345", "1,234", "7", "12", "s", "ago")
    ]
    assert lines[2].split()[3:] == ["Stalled:", "SecretMissing", "1.2.0", *"----"]
    assert lines[-1] == "namespace/stands: Secret kafka is missing"
    assert "runs:" not in shown(RUNNING)


def test_a_job_that_no_controller_has_seen_and_no_job_at_all() -> None:
    assert "not seen by a controller" in shown(picture("new", None, Live()))
    assert "no ProgramUserInfoJob found" in shown()


def test_ages_are_in_the_unit_that_a_person_would_use() -> None:
    def age(**time: int) -> str:
        checkpoint = Checkpoint(id=1, time=NOW - timedelta(**time))
        words = shown(picture("job", None, Live(checkpoint=checkpoint))).splitlines()[1].split()
        return " ".join(words[-3:])

    assert [age(seconds=59), age(minutes=59), age(hours=30)] == [
        "59 s ago",
        "59 min ago",
        "30 h ago",
    ]


def test_programs_get_numbers() -> None:
    first, second = json.loads(as_json([RUNNING, STALLED]))
    assert first["eventsPerSecond"] == 1234.5
    assert first["lastCheckpoint"] == {"id": 3, "time": "2025-12-31T23:59:48Z"}
    assert (second["state"], second["reason"], second["lag"]) == ("Stalled", "SecretMissing", None)
