"""A Prometheus that scrapes the embedded cluster as the chart's monitors would have it do."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from dev.cluster.addresses import API_PORT, NODE_IP, NODE_NAME
from dev.cluster.chart_release import NAMESPACE, RELEASE
from dev.cluster.forward import free_port
from dev.cluster.processes import end
from dev.cluster.target import kubectl
from dev.cluster.toolchain import programs
from dev.paths import LOGS, STATE
from dev.steps import StepFailed, wait_until
from program_user_info_operator.api.names import LABEL_JOB

SCRAPE_SECONDS = 15
JOB_LABEL = re.sub(r"\W", "_", LABEL_JOB)
"""What the label of a job's pods is called in a metric."""
_FOLLOW_SECONDS = 5.0


class Series(NamedTuple):
    """One line of a panel: its labels, and pairs of a moment (epoch seconds) and a value."""

    labels: dict[str, str]
    points: list[tuple[float, float]]


class Prometheus:
    """Its HTTP API."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}"

    def is_ready(self) -> bool:
        """Whether it answers."""
        with suppress(OSError), urllib.request.urlopen(f"{self._base}/-/ready", timeout=2):
            return True
        return False

    def query_range(self, expression: str, start: float, end: float) -> list[Series]:
        """What the expression was between both moments."""
        parameters = {"query": expression, "start": start, "end": end, "step": SCRAPE_SECONDS}
        url = f"{self._base}/api/v1/query_range?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return [
            Series(each["metric"], [(float(at), float(value)) for at, value in each["values"]])
            for each in found
        ]


@contextmanager
def prometheus(folder: Path) -> Iterator[Prometheus]:
    """A running one that keeps its data in this folder; ended afterwards."""
    programs.unpack_prometheus()
    configuration, targets, port = folder / "prometheus.yaml", folder / "targets.json", free_port()
    configuration.write_text(yaml.safe_dump(_configuration(targets)), encoding="utf-8")
    _write_targets(targets)
    log, over = LOGS / "prometheus.log", threading.Event()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                str(programs.PROMETHEUS / "usr" / "bin" / "prometheus"),
                f"--config.file={configuration}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    watcher = threading.Thread(target=_follow_pods, args=(targets, over))
    watcher.start()
    try:
        found = Prometheus(port)
        wait_until(found.is_ready, "Prometheus is ready", timeout=30, log=log)
        yield found
    finally:
        over.set()
        watcher.join()
        end(process)


def _configuration(targets: Path) -> dict[str, Any]:
    """The pods, and the kubelet's memory of each pod."""
    pki = STATE / "pki"
    return {
        "global": {"scrape_interval": f"{SCRAPE_SECONDS}s"},
        "scrape_configs": [
            {
                "job_name": "pods",
                # Debian's Prometheus does not ask Kubernetes itself.
                "file_sd_configs": [{"files": [str(targets)], "refresh_interval": "5s"}],
            },
            {
                "job_name": "kubelet",
                "scheme": "https",
                "metrics_path": f"/api/v1/nodes/{NODE_NAME}/proxy/metrics/resource",
                "static_configs": [{"targets": [f"{NODE_IP}:{API_PORT}"]}],
                "tls_config": {
                    "ca_file": str(pki / "ca.crt"),
                    "cert_file": str(pki / "admin.crt"),
                    "key_file": str(pki / "admin.key"),
                },
                # The pods' own names stay.
                "honor_labels": True,
            },
        ],
    }


def _follow_pods(targets: Path, over: threading.Event) -> None:
    while not over.wait(_FOLLOW_SECONDS):
        # The next time is soon.
        with suppress(StepFailed):
            _write_targets(targets)


def _write_targets(path: Path) -> None:
    pods = json.loads(kubectl("get", "pods", "--all-namespaces", "-o", "json"))["items"]
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(list(targets_of(pods))), encoding="utf-8")
    partial.rename(path)


def targets_of(pods: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Ports named `metrics`, with the labels that the chart's monitors give what they scrape."""
    for pod in pods:
        metadata, address = pod["metadata"], pod["status"].get("podIP")
        labels = {"namespace": metadata["namespace"], "pod": metadata["name"]}
        if metadata["namespace"] == NAMESPACE:
            labels["job"] = RELEASE
        if name := metadata.get("labels", {}).get(LABEL_JOB):
            labels |= {JOB_LABEL: name, "app": metadata["labels"]["app"]}
        for container in pod["spec"]["containers"]:
            for port in container.get("ports", []):
                if port.get("name") == "metrics" and address:
                    target = f"{address}:{port['containerPort']}"
                    yield {"targets": [target], "labels": labels}
