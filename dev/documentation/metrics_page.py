"""Every metric as a page: from the code that counts, the alerts that ask and the dashboards."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from prometheus_client.metrics import MetricWrapperBase

from dev.paths import REPOSITORY
from program_user_info_job.pipeline.metrics import StageMetrics
from program_user_info_operator import metrics
from program_user_info_operator.reconcile.job_metrics import JobMetrics
from program_user_info_operator.reconcile.jobs_index import JobsIndex
from program_user_info_operator.rollout.standings import Target, Waves

_CHART = REPOSITORY / "charts" / "program-user-info-operator"
_FLINK = re.compile(r"\bflink_(?:job|task)manager_\w+")
_STAGE_PREFIX = "flink_taskmanager_job_task_operator_"
# What the write stage measures; a metric without a meaning here stops `make generate`.
_STAGE = {
    "events_acknowledged": "Events that are a row or a dead letter.",
    "newest_record_milliseconds": "Time of the newest acknowledged event's Kafka record, in"
    " milliseconds since the epoch. The alert `ProgramUserInfoTableBehind` and the dashboard use"
    " it to compute how far the table is behind.",
    "newest_update_milliseconds": "The same, by the `updatedAt` of the newest row.",
    "rows_written": "Rows that Cassandra has acknowledged.",
    "reason_rows_rejected": "Events sent to the dead-letter topic, by `reason`.",
    "write_calls": "Calls of the write stage; each handles one Arrow batch of events.",
    "write_milliseconds": "Time that calls took, from the events' bytes to the last"
    " acknowledgement, as a sum. Divide it by `write_calls` to get the mean write latency.",
}
_CONTROLLER_LABELS = """`job_namespace` and `lern_sunbird_org_job` name a job. Prometheus adds
`namespace`: here that of the controller, in the metrics of the jobs' pods that of the job."""
_STAGE_LABELS = """Labels: `namespace`, `lern_sunbird_org_job`, those of Flink, and `app`, the name
of the FlinkDeployment. A job has two FlinkDeployments while a new revision is on trial."""
_FLINKS_OWN = {
    "flink_jobmanager_job_lastCheckpointDuration": "Milliseconds that the last checkpoint took.",
    "flink_jobmanager_job_numRestarts": "Restarts of the job.",
    "flink_jobmanager_job_numberOfCompletedCheckpoints": "Completed checkpoints. Offsets are"
    " committed with each.",
    "flink_jobmanager_job_uptime": "Milliseconds that the job has run without a restart.",
    "flink_taskmanager_job_task_busyTimeMsPerSecond": "Milliseconds of each second that a task is"
    " busy; 1000 means that it is the bottleneck.",
    "flink_taskmanager_job_task_operator_numRecordsIn": "Events handed to an operator.",
    "flink_taskmanager_job_task_operator_pendingRecords": "Records in Kafka that the job has not"
    " read yet: the lag.",
}
_HEAD = """# Metrics

The controller serves its metrics on port 8081 at `/metrics`. The pods of the jobs serve Flink's
metrics, and those of the write stage, on port 9249. The chart can create a ServiceMonitor, a
PodMonitor, alerts and Grafana dashboards: see `monitoring` in the [chart values](values.md).

This page is generated from the code (`make generate`).
"""
_FOOT = """## Where to go next

- [Operating](operating.md): the dashboards, and what to do about each alert.
- [Troubleshooting](troubleshooting.md): from a symptom to its cause.
"""


class ControllerMetric(NamedTuple):
    """A metric of the controller, as Prometheus has it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


def metrics_page() -> str:
    """Markdown: the controller's metrics, the write stage's, and those of Flink that we use."""
    parts = [_HEAD, "## The controller\n", f"{_CONTROLLER_LABELS}\n"]
    parts += ["| metric | kind | labels | meaning |", "| --- | --- | --- | --- |"]
    for name, kind, labels, meaning in controller_metrics():
        shown = ", ".join(f"`{label}`" for label in labels)
        parts.append(f"| `{name}` | {kind} | {shown} | {meaning} |")
    parts += ["\n## The write stage of a job\n"]
    parts += [f"{_STAGE_LABELS}\n"]
    parts += _table(
        (name, kind, _meaning(short, _STAGE)) for name, (short, kind) in stage_metrics().items()
    )
    parts += ["\n## Flink's metrics that alerts and dashboards use\n"]
    known = {
        name: _meaning(name, _FLINKS_OWN) for name in sorted(flink_metrics() - set(stage_metrics()))
    }
    parts += _table((name, "gauge", meaning) for name, meaning in known.items())
    return "\n".join([*parts, "", _FOOT])


def controller_metrics() -> list[ControllerMetric]:
    """All of them, by name; without the labels that Prometheus adds."""
    index = JobsIndex(Waves(1, ()), Target("", ""), "")
    found = [
        _described(family, each)
        for each in vars(metrics).values()
        if isinstance(each, MetricWrapperBase)
        for family in each.collect()
    ]
    found += [_described(family, family) for family in JobMetrics(index, lambda: True).collect()]
    return sorted(found)


def _described(family: Any, labelled: Any) -> ControllerMetric:
    suffix = "_total" if family.type == "counter" else ""
    labels = tuple(labelled._labelnames)  # noqa: SLF001  # without a sample, nothing else tells them
    return ControllerMetric(f"{family.name}{suffix}", family.type, labels, family.documentation)


def stage_metrics() -> dict[str, tuple[str, str]]:
    """What Prometheus calls each metric of the write stage -> its name in Flink, and its kind."""
    group = _Group("")
    StageMetrics(group)
    return {f"{_STAGE_PREFIX}{name}": (name, kind) for name, kind in sorted(group.found.items())}


def flink_metrics() -> set[str]:
    """All of Flink's metrics that an alert or a dashboard asks for."""
    files = [_CHART / "templates" / "alerts.yaml", *(_CHART / "dashboards").glob("*.json")]
    return {name for file in files for name in _FLINK.findall(file.read_text(encoding="utf-8"))}


def _meaning(name: str, meanings: dict[str, str]) -> str:
    if name not in meanings:
        raise ValueError(f"{name}: say what it means in dev/documentation/metrics_page.py")
    return meanings[name]


class _Group:
    """Flink's metric group, only to see which metrics are asked of it."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.found: dict[str, str] = {}

    def add_group(self, name: str, _value: str) -> _Group:
        inner = _Group(f"{name}_")
        inner.found = self.found
        return inner

    def counter(self, name: str) -> Any:
        self.found[f"{self._prefix}{name}"] = "counter"
        return None

    def gauge(self, name: str, _value: object) -> None:
        self.found[f"{self._prefix}{name}"] = "gauge"


def _table(rows: Any) -> list[str]:
    head = ["| metric | kind | meaning |", "| --- | --- | --- |"]
    return head + [f"| `{name}` | {kind} | {meaning} |" for name, kind, meaning in rows]
