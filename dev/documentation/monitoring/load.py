"""A job at full load, in figures: memory of its pods, rows written, CPU per event."""

from __future__ import annotations

import math
from typing import Any

from dev.documentation.monitoring.draw import UNITS, highest, read
from dev.documentation.monitoring.prometheus import JOB_LABEL, SCRAPE_SECONDS, Prometheus, Series
from dev.documentation.monitoring.scene import LOADED
from dev.steps import console

_PARTS = 12
"""Of the time, for each of which the figures are told."""

_OF_THE_LOADED = f'{{{JOB_LABEL}="{LOADED}"}}'
_WORKING_SET = (
    f"max by (pod) (pod_memory_working_set_bytes and on (namespace, pod) up{_OF_THE_LOADED})"
)
_WRITTEN = f"sum(rate(flink_taskmanager_job_task_operator_rows_written{_OF_THE_LOADED}[2m]))"
_POD = f'sum(rate(pod_cpu_usage_seconds_total{{pod=~"{LOADED}-[0-9a-f]+-taskmanager-.*"}}[2m]))'
_JVM = f"sum(rate(flink_taskmanager_Status_JVM_CPU_Time{_OF_THE_LOADED}[2m])) / 1e9"
_JOB_MANAGER = f"sum(rate(flink_jobmanager_Status_JVM_CPU_Time{_OF_THE_LOADED}[2m])) / 1e9"


def _panel(title: str, unit: str, y: int, lines: dict[str, str]) -> dict[str, Any]:
    return {
        "title": title,
        "gridPos": {"x": 0, "y": y, "w": 24, "h": 8},
        "fieldConfig": {"defaults": {"unit": unit}},
        "targets": [{"legendFormat": name, "expr": text} for name, text in lines.items()],
    }


LOAD = {
    "panels": [
        _panel("Memory of the pods", "bytes", 0, {"{{pod}}": _WORKING_SET}),
        _panel("Rows written", "ops", 8, {LOADED: _WRITTEN}),
        _panel(
            "CPU per event",
            "µs",
            16,
            {
                "TaskManager, Python": f"({_POD} - {_JVM}) / {_WRITTEN} * 1e6",
                "TaskManager, JVM": f"{_JVM} / {_WRITTEN} * 1e6",
                "JobManager": f"{_JOB_MANAGER} / {_WRITTEN} * 1e6",
            },
        ),
    ]
}
"""A dashboard of these."""


def tell(source: Prometheus, start: float, end: float) -> None:
    """Print each line's mean in each part of the time, and its highest value."""
    length = max((end - start) / _PARTS, SCRAPE_SECONDS)
    console.print(f"means of every {length / 60:.1f} minutes, and the highest value:")
    for panel in LOAD["panels"]:
        shown = UNITS[panel["fieldConfig"]["defaults"]["unit"]]
        for name, series in read(panel, source, start, end).items():
            figures = [*means(series, start, length), highest(series)]
            told = ", ".join(shown(round(value)) for value in figures)
            console.print(f"{panel['title']}, {name}: {told}")


def means(series: Series, start: float, length: float) -> list[float]:
    """Of the parts, `length` seconds each, that have values that are numbers."""
    parts: dict[int, list[float]] = {}
    for at, value in series.points:
        if math.isfinite(value):
            parts.setdefault(int((at - start) / length), []).append(value)
    return [sum(values) / len(values) for _, values in sorted(parts.items())]
