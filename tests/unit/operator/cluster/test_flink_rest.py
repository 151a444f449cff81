"""Flink's REST interface through the proxy: what is asked for, and what no answer means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from program_user_info_operator.api.status import Checkpoint
from program_user_info_operator.cluster.flink_rest import FlinkRest
from program_user_info_operator.observed.flink_metrics import FlinkMetrics

SOURCE, STAGE = "Source__events[1].pendingRecords", "PythonCalc[2].rows_written"


class Api:
    """Answers of the service `job-rest:rest` by path and query."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def get_from_service(
        self, namespace: str, service: str, path: str, query: Mapping[str, str]
    ) -> str:
        assert (namespace, service) == ("ns", "job-rest:rest")
        asked = "&".join([path, *(f"{name}={value}" for name, value in query.items())])
        self.asked.append(asked)
        return self.answers.get(asked, "")


def rest(answers: dict[str, Any]) -> FlinkRest:
    api: Any = Api(**{path: json.dumps(answer) for path, answer in answers.items()})
    return FlinkRest(api, "ns", "job")


ALL = {
    "jobs/f00": {"vertices": [{"id": "a"}, {"id": "b"}, {"id": "c"}]},
    "jobs/f00/vertices/a/subtasks/metrics": [{"id": SOURCE}, {"id": "other"}],
    "jobs/f00/vertices/b/subtasks/metrics": [{"id": STAGE}],
    "jobs/f00/vertices/c/subtasks/metrics": [{"id": "other"}],
    f"jobs/f00/vertices/a/subtasks/metrics&get={SOURCE}&agg=sum,max": [
        {"id": SOURCE, "sum": 5, "max": 3}
    ],
    f"jobs/f00/vertices/b/subtasks/metrics&get={STAGE}&agg=sum,max": [
        {"id": STAGE, "sum": 7, "max": 7}
    ],
    "jobs/f00/checkpoints": {
        "latest": {"completed": {"id": 3, "latest_ack_timestamp": 1_700_000_000_000}}
    },
}


def test_metrics_are_those_of_all_vertices_with_the_last_checkpoint() -> None:
    moment = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert rest(ALL).metrics("f00") == FlinkMetrics(
        lag=5, written=7, checkpoint=Checkpoint(id=3, time=moment)
    )


def test_a_vertex_without_metrics_of_ours_is_asked_for_none() -> None:
    api: Any = Api(**{path: json.dumps(answer) for path, answer in ALL.items()})
    FlinkRest(api, "ns", "job").metrics("f00")
    assert [asked for asked in api.asked if "/c/" in asked] == [
        "jobs/f00/vertices/c/subtasks/metrics"
    ]


@pytest.mark.parametrize(
    ("missing", "lag", "written"),
    [
        ("jobs/f00", None, None),
        ("jobs/f00/vertices/a/subtasks/metrics", None, 7),
        (f"jobs/f00/vertices/b/subtasks/metrics&get={STAGE}&agg=sum,max", 5, None),
    ],
)
def test_what_flink_does_not_answer_is_not_known(
    missing: str, lag: int | None, written: int | None
) -> None:
    found = rest({path: answer for path, answer in ALL.items() if path != missing}).metrics("f00")
    assert (found.lag, found.written) == (lag, written)
    assert found.checkpoint is not None


def test_where_nothing_answers_nothing_is_known() -> None:
    assert rest({}).metrics("f00") == FlinkMetrics()


def test_an_answer_that_is_no_json_is_none() -> None:
    api: Any = Api(**{"jobs/f00": "<html>", "jobs": "[1]"})
    found = FlinkRest(api, "ns", "job")
    assert found.get("jobs/f00") is None
    assert found.get("jobs") == [1]
