"""`status`: the live picture of all jobs, in a terminal."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from program_user_info_operator.api.status import Checkpoint, Condition, JobStatus
from program_user_info_operator.cluster.api_server import JOB, ApiServer
from program_user_info_operator.cluster.flink_rest import FlinkRest
from program_user_info_operator.observed.flink_metrics import FlinkMetrics

Object = dict[str, Any]

_AT_ONCE = 8
_STYLES = {"Ready": "green", "Reconciling": "yellow", "Stalled": "bold red"}
_COLUMNS: dict[str, Literal["left", "right"]] = {
    "namespace": "left",
    "job": "left",
    "env": "left",
    "state": "left",
    "version": "left",
    "lag": "right",
    "behind": "right",
    "events/s": "right",
    "rejected": "right",
    "checkpoint": "right",
}
_NONE = "-"


@dataclass(frozen=True)
class JobPicture:
    """A job, what the controller says of it, and what Flink does."""

    namespace: str
    name: str
    environment: str
    status: JobStatus
    metrics: FlinkMetrics

    @property
    def condition(self) -> Condition | None:
        """The condition that is true."""
        return next((each for each in self.status.conditions if each.status == "True"), None)


def read_pictures(api: ApiServer, namespace: str | None, selector: str) -> list[JobPicture]:
    """All jobs, of one namespace or of all. Raises `ApiError`."""
    jobs = api.list_objects(JOB, namespace, selector)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return sorted(
            pool.map(lambda job: _picture(api, job), jobs),
            key=lambda each: (each.namespace, each.name),
        )


def as_json(pictures: Sequence[JobPicture], now: datetime) -> str:
    """For programs: a list, an object for each job."""
    documents = [
        {
            "namespace": each.namespace,
            "name": each.name,
            "environment": each.environment,
            "state": each.condition.type if each.condition else None,
            "reason": each.condition.reason if each.condition else None,
            "message": each.condition.message if each.condition else None,
            "version": each.status.image_version,
            "lag": each.metrics.lag,
            "secondsBehind": each.metrics.age(each.metrics.newest_record, now),
            "secondsBehindUpdatedAt": each.metrics.age(each.metrics.newest_update, now),
            "eventsPerSecond": each.metrics.events_per_second,
            "written": each.metrics.written,
            "rejected": each.metrics.rejected,
            "lastCheckpoint": _as_json(each.metrics.checkpoint),
        }
        for each in pictures
    ]
    return json.dumps(documents, indent=2, ensure_ascii=False) + "\n"


def as_table(pictures: Sequence[JobPicture], now: datetime) -> RenderableType:
    """For people: a line for each job; below, what the jobs that are not ready have to say."""
    if not pictures:
        return Text("no ProgramUserInfoJob found; see `kubectl get puij --all-namespaces`")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in _COLUMNS.items():
        # Names are folded in a narrow terminal, never cut; numbers stay whole.
        table.add_column(name.upper(), justify=justify, no_wrap=justify == "right", overflow="fold")
    sentences = []
    for each in pictures:
        condition = each.condition
        state, style = _state(condition)
        table.add_row(
            each.namespace,
            each.name,
            each.environment,
            Text(state, style),
            each.status.image_version or _NONE,
            _count(each.metrics.lag),
            _duration(each.metrics.age(each.metrics.newest_record, now)),
            _rate(each.metrics.events_per_second),
            _count(each.metrics.rejected),
            _age(each.metrics, now),
        )
        if condition is not None and condition.type != "Ready":
            told = Text(f"{each.namespace}/{each.name}: {condition.message}")
            told.stylize(style, 0, len(f"{each.namespace}/{each.name}"))
            sentences += [Text(), told]
    return Group(table, *sentences)


def watch(api: ApiServer, namespace: str | None, selector: str, seconds: float) -> None:
    """Show the picture, refreshed every `seconds`, until interrupted."""
    with Live(console=Console(), auto_refresh=False, screen=True) as display:
        while True:
            pictures = read_pictures(api, namespace, selector)
            display.update(as_table(pictures, datetime.now(UTC)), refresh=True)
            time.sleep(seconds)


def _picture(api: ApiServer, job: Object) -> JobPicture:
    metadata = job["metadata"]
    namespace, name = metadata["namespace"], metadata["name"]
    status = JobStatus.model_validate(job.get("status") or {})
    metrics = FlinkMetrics()
    if status.deployment and status.job_id is not None and status.job_state == "RUNNING":
        metrics = FlinkRest(api, namespace, status.deployment).metrics(status.job_id)
    return JobPicture(namespace, name, job["spec"]["environment"], status, metrics)


def _state(condition: Condition | None) -> tuple[str, str]:
    if condition is None:
        return "not seen by a controller", "yellow"
    if condition.type == "Ready":
        return condition.reason, _STYLES["Ready"]
    return f"{condition.type}: {condition.reason}", _STYLES[condition.type]


def _count(value: int | None) -> str:
    return _NONE if value is None else f"{value:,}"


def _rate(value: float | None) -> str:
    return _NONE if value is None else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def _as_json(checkpoint: Checkpoint | None) -> dict[str, Any] | None:
    return None if checkpoint is None else checkpoint.model_dump(mode="json")


def _age(metrics: FlinkMetrics, now: datetime) -> str:
    if metrics.checkpoint is None:
        return _NONE
    return f"{_duration(max(0.0, (now - metrics.checkpoint.time).total_seconds()))} ago"


def _duration(age: float | None) -> str:
    if age is None:
        return _NONE
    seconds = round(age)
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"
