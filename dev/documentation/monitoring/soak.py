"""Whether the default resources suffice a job at full load for a long time."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from rich.progress import track

from dev.cluster.bring_up import up
from dev.cluster.demo.world import NAMESPACE
from dev.cluster.target import kubectl, own_kubeconfig
from dev.documentation.monitoring.load import tell
from dev.documentation.monitoring.prometheus import prometheus
from dev.documentation.monitoring.scene import LOADED, full_load
from dev.steps import StepFailed, console

_SELECTOR = f"lern.sunbird.org/job={LOADED}"


def soak(minutes: float, event_bytes: int) -> None:
    """Run it for so long with events at least so large, and print its figures.

    Raises `StepFailed` where one of its pods was replaced or restarted meanwhile.
    """
    if own_kubeconfig() is not None:
        raise StepFailed("the soak loads the embedded cluster: unset DEV_KUBECONFIG")
    up()
    with tempfile.TemporaryDirectory() as folder, prometheus(Path(folder)) as source:
        with full_load(event_bytes):
            before, start = starts(), time.time()
            for _ in track(range(round(minutes * 60)), "at full load", console=console):
                time.sleep(1)
            tell(source, start, time.time())
            after = starts()
        if after != before:
            raise StepFailed(f"the job did not keep its pods: {before} became {after}")


def starts() -> dict[str, int]:
    """How often the container of each of the job's pods has been restarted, by pod."""
    listed = json.loads(kubectl("get", "pods", "-n", NAMESPACE, "-l", _SELECTOR, "-o", "json"))
    return {
        pod["metadata"]["name"]: sum(
            each["restartCount"] for each in pod["status"].get("containerStatuses", ())
        )
        for pod in listed["items"]
    }
