"""A job's revisions, and where its values came from, as people read them."""

from __future__ import annotations

from typing import Any

from rich.console import Console, RenderableType

from program_user_info_operator.api.status import Cause, JobStatus, Outcome
from program_user_info_operator.cli.job_inspection import explanation, history
from tests.unit.operator.revisions import status


def shown(picture: RenderableType, width: int = 120) -> list[str]:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(picture)
    return capture.get().splitlines()


def job(spec: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"spec": spec or {}, "status": JobStatus(**fields).to_json()}


def test_a_job_without_a_revision_is_told_as_such() -> None:
    assert shown(history({"spec": {}})) == ["no revision yet; see `kubectl describe puij`"]


def test_the_newest_revision_comes_first_and_each_failure_has_its_reason_below() -> None:
    lines = shown(
        history(
            job(
                revisions=[
                    status(1, cause=Cause.CREATED),
                    status(2, outcome=Outcome.ROLLED_BACK, reason="no image"),
                    status(3, outcome=Outcome.PENDING, image="image:2.0"),
                ],
                last_good_revision=1,
            )
        )
    )
    words = [line.split() for line in lines]
    assert words[0] == ["REVISION", "STARTED", "CAUSE", "OUTCOME", "IMAGE"]
    assert words[1] == ["3", "2026-01-01", "00:00:00Z", "Spec", "Pending", "image:2.0"]
    assert words[2][0] == "2"
    assert words[3][:2] == ["1", "(good)"]
    assert lines[4].strip() == ""
    assert lines[5:] == ["revision 2: no image"]


def test_in_a_narrow_terminal_an_image_is_folded_and_not_cut() -> None:
    image = "registry.example/sunbird/program-user-info-job:1.4.0-flink2.2"
    lines = shown(history(job(revisions=[status(1, image=image)])), width=60)
    assert "…" not in "".join(lines)
    tail = "".join(line[line.rstrip().rfind(" ") + 1 :].strip() for line in lines[1:])
    assert tail == image


def test_what_nobody_has_said_of_a_job_is_a_dash() -> None:
    assert shown(explanation({"spec": {}})) == [
        "not seen by a controller",
        "",
        "topic: -",
        "group: -",
        "dead letters: -",
        "table: -",
        "image: -",
        "",
        "FIELD  SOURCE  VALUE",
    ]


def test_values_are_the_jobs_own_and_a_profiles_is_not_in_the_job() -> None:
    document = job(
        {"kafka": {"topic": "t"}, "parallelism": 2, "state": None},
        keyspace="k",
        table="t",
        topic="t",
        sources={
            "kafka.topic": "spec",
            "parallelism": "spec",
            "cassandra.ttl": "profile",
            "parallelism.deep": "profile",
            "writes.batchRows": "default",
        },
    )
    lines = shown(explanation(document))
    assert "table: k.t" in lines
    assert [
        line.split() for line in lines[lines.index("FIELD             SOURCE   VALUE") + 1 :]
    ] == [
        ["kafka.topic", "spec", "t"],
        ["parallelism", "spec", "2"],
        ["cassandra.ttl", "profile", "-"],
        ["parallelism.deep", "profile", "-"],
    ]
