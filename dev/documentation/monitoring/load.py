"""A job at full load, in figures: memory of its pods, rows written, CPU per event."""

from __future__ import annotations

import math
from typing import Any

from dev.documentation.monitoring.draw import UNITS, highest, read
from dev.documentation.monitoring.prometheus import JOB_LABEL, SCRAPE_SECONDS, Prometheus, Series
from dev.steps import console

_PARTS = 12
"""Of the time, for each of which the figures are told."""


def _panel(title: str, unit: str, y: int, lines: dict[str, str]) -> dict[str, Any]:
    return {
        "title": title,
        "gridPos": {"x": 0, "y": y, "w": 24, "h": 8},
        "fieldConfig": {"defaults": {"unit": unit}},
        "targets": [{"legendFormat": name, "expr": text} for name, text in lines.items()],
    }


def dashboard(job: str) -> dict[str, Any]:
    """Memory of its pods, rows written and CPU per event."""
    its = f'{{{JOB_LABEL}="{job}"}}'
    memory = f"max by (pod) (pod_memory_working_set_bytes and on (namespace, pod) up{its})"
    written = f"sum(rate(flink_taskmanager_job_task_operator_rows_written{its}[2m]))"
    pods = f'{{pod=~"{job}-[0-9a-f]+-taskmanager-.*"}}'
    pod = f"sum(rate(pod_cpu_usage_seconds_total{pods}[2m]))"
    jvm = f"sum(rate(flink_taskmanager_Status_JVM_CPU_Time{its}[2m])) / 1e9"
    job_manager = f"sum(rate(flink_jobmanager_Status_JVM_CPU_Time{its}[2m])) / 1e9"
    cpu = {
        "TaskManager, Python": f"({pod} - {jvm}) / {written} * 1e6",
        "TaskManager, JVM": f"{jvm} / {written} * 1e6",
        "JobManager": f"{job_manager} / {written} * 1e6",
    }
    return {
        "panels": [
            _panel("Memory of the pods", "bytes", 0, {"{{pod}}": memory}),
            _panel("Rows written", "ops", 8, {job: written}),
            _panel("CPU per event", "µs", 16, cpu),
        ]
    }


def tell(job: str, source: Prometheus, start: float, end: float) -> None:
    """Print each line's mean in each part of the time, and its highest value."""
    length = max((end - start) / _PARTS, SCRAPE_SECONDS)
    console.print(f"{job}, means of every {length / 60:.1f} minutes, and the highest value:")
    for panel in dashboard(job)["panels"]:
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
