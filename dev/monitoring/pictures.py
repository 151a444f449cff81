"""The documentation's pictures, of jobs that run in the embedded cluster for them."""

from __future__ import annotations

import io
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from dev.cluster.release import CHART
from dev.cluster.target import own_kubeconfig
from dev.environment import up
from dev.monitoring.draw import draw_dashboard
from dev.monitoring.prometheus import SCRAPE_SECONDS, Prometheus, prometheus
from dev.monitoring.scene import LOADED, kill_task_manager, scene
from dev.paths import REPOSITORY
from dev.steps import StepFailed, console, step
from program_user_info_operator.cli.status import as_table, read_pictures
from program_user_info_operator.cluster.api_server import ApiServer

FOLDER = REPOSITORY / "docs" / "pictures"
_COLUMNS = 132
_PARTS = 12
"""Of the time, for each of which the memory is told."""


def draw_all(minutes: float) -> None:
    """Let jobs run for so long and draw `status`, both dashboards and the jobs' memory.

    Raises `StepFailed` where the cluster in use is not the embedded one.
    """
    if own_kubeconfig() is not None:
        raise StepFailed("the pictures are of the embedded cluster: unset DEV_KUBECONFIG")
    up()
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, prometheus(Path(folder)) as source, scene():
        start = time.time()
        with step(f"wait {minutes:g} minutes, with a TaskManager lost after half of them"):
            time.sleep(minutes * 30)
            kill_task_manager()
            time.sleep(minutes * 30)
        end = time.time()
        with step("draw"):
            draw_status()
            for name in ("controller", "jobs"):
                text = (CHART / "dashboards" / f"{name}.json").read_text(encoding="utf-8")
                draw_dashboard(json.loads(text), source, start, end, FOLDER / f"{name}.png")
            draw_dashboard(_memory(), source, start, end, FOLDER / "memory.png")
        _tell_memory(source, start, end)


def draw_status() -> None:
    """`status` as a picture of a terminal."""
    terminal = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    terminal.print(Text("$ program-user-info-operator status\n", "bold"))
    terminal.print(as_table(read_pictures(ApiServer(), None, ""), datetime.now(UTC)))
    (FOLDER / "status.svg").write_text(terminal.export_svg(title="status"), encoding="utf-8")


_OF_THE_LOADED = f'{{lern_sunbird_org_job="{LOADED}"}}'
_WORKING_SET = (
    f"max by (pod) (pod_memory_working_set_bytes and on (namespace, pod) up{_OF_THE_LOADED})"
)


def _memory() -> dict[str, object]:
    """A dashboard of two panels: what the pods of the job at full load hold, and its rate."""
    written = f"rate(flink_taskmanager_job_task_operator_rows_written{_OF_THE_LOADED}[1m])"
    panels = [
        ("Memory of the pods", "bytes", 0, _WORKING_SET, "{{pod}}"),
        ("Rows written", "ops", 12, f"sum({written})", LOADED),
    ]
    return {
        "panels": [
            {
                "title": title,
                "gridPos": {"x": x, "y": 0, "w": 12, "h": 9},
                "fieldConfig": {"defaults": {"unit": unit}},
                "targets": [{"expr": expression, "legendFormat": legend}],
            }
            for title, unit, x, expression, legend in panels
        ]
    }


def _tell_memory(source: Prometheus, start: float, end: float) -> None:
    """The most that each pod held in each part of the time, in MiB."""
    length = max((end - start) / _PARTS, SCRAPE_SECONDS)
    for series in source.query_range(_WORKING_SET, start, end):
        parts: dict[int, float] = {}
        for at, value in series.points:
            part = int((at - start) / length)
            parts[part] = max(parts.get(part, 0.0), value / (1 << 20))
        shown = " ".join(f"{value:.0f}" for _, value in sorted(parts.items()))
        console.print(f"{series.labels['pod']}: MiB at most, every {length / 60:.1f} min: {shown}")
