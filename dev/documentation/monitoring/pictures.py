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

from dev.cluster.bring_up import up
from dev.cluster.chart_release import CHART
from dev.cluster.target import own_kubeconfig
from dev.documentation.monitoring.draw import draw_dashboard
from dev.documentation.monitoring.prometheus import prometheus
from dev.documentation.monitoring.scene import kill_task_manager, put_secret, scene
from dev.paths import REPOSITORY
from dev.steps import StepFailed, step
from program_user_info_operator.cli.status_table import as_table, read_pictures
from program_user_info_operator.cluster.api_server import ApiServer

FOLDER = REPOSITORY / "docs" / "pictures"
_COLUMNS = 132


def draw_all(minutes: float) -> None:
    """Let jobs run for so long and draw `status` and both dashboards.

    Raises `StepFailed` where the cluster in use is not the embedded one.
    """
    if own_kubeconfig() is not None:
        raise StepFailed("the pictures are of the embedded cluster: unset DEV_KUBECONFIG")
    up()
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, prometheus(Path(folder)) as source, scene():
        start = time.time()
        with step(f"wait {minutes:g} minutes; a Secret comes late, a TaskManager is lost"):
            time.sleep(minutes * 20)
            draw_status()
            put_secret()
            time.sleep(minutes * 20)
            kill_task_manager()
            time.sleep(minutes * 20)
        end = time.time()
        with step("draw"):
            for name in ("controller", "jobs"):
                text = (CHART / "dashboards" / f"{name}.json").read_text(encoding="utf-8")
                draw_dashboard(json.loads(text), source, start, end, FOLDER / f"{name}.png")


def draw_status() -> None:
    """`status` as a picture of a terminal."""
    terminal = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    terminal.print(Text("$ program-user-info-operator status\n", "bold"))
    terminal.print(as_table(read_pictures(ApiServer(), None, ""), datetime.now(UTC)))
    (FOLDER / "status.svg").write_text(terminal.export_svg(title="status"), encoding="utf-8")
