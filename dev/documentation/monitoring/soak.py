"""Whether the default memory suffices jobs at full load for a long time."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.progress import track

from dev.cluster.bring_up import up
from dev.cluster.demo.world import NAMESPACE
from dev.cluster.target import kubectl, own_kubeconfig
from dev.documentation.monitoring.draw import draw_dashboard
from dev.documentation.monitoring.load import dashboard, tell
from dev.documentation.monitoring.prometheus import prometheus
from dev.documentation.monitoring.scene import full_load, loaded
from dev.steps import StepFailed, console


def soak(minutes: float, sizes: Sequence[int], folder: Path) -> None:
    """Run a job for each size of events for so long, print its figures and draw them.

    Raises `StepFailed` where a pod was replaced or restarted meanwhile.
    """
    if own_kubeconfig() is not None:
        raise StepFailed("the soak loads the embedded cluster: unset DEV_KUBECONFIG")
    up()
    with tempfile.TemporaryDirectory() as data, prometheus(Path(data)) as source:
        with full_load(sizes):
            before, start = starts(sizes), time.time()
            for _ in track(range(round(minutes * 60)), "at full load", console=console):
                time.sleep(1)
            end, after = time.time(), starts(sizes)
        for job in map(loaded, sizes):
            tell(job, source, start, end)
            draw_dashboard(dashboard(job), source, start, end, folder / f"load-{job}.png")
        if after != before:
            raise StepFailed(f"the jobs did not keep their pods: {before} became {after}")


def starts(sizes: Sequence[int]) -> dict[str, int]:
    """How often the container of each of the jobs' pods has been restarted, by pod."""
    selector = f"lern.sunbird.org/job in ({','.join(map(loaded, sizes))})"
    listed = json.loads(kubectl("get", "pods", "-n", NAMESPACE, "-l", selector, "-o", "json"))
    return {
        pod["metadata"]["name"]: sum(
            each["restartCount"] for each in pod["status"].get("containerStatuses", ())
        )
        for pod in listed["items"]
    }
