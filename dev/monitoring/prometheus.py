"""A Prometheus that scrapes the embedded cluster as the chart's monitors would have it do."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from dev.cluster.addresses import API_PORT, NODE_IP, NODE_NAME
from dev.cluster.release import NAMESPACE
from dev.cluster.target import kubeconfig
from dev.forward import free_port
from dev.paths import BIN, LOGS, STATE
from dev.steps import capture, run, step, wait_until

SCRAPE_SECONDS = 15
_PROGRAM = BIN / "prometheus" / "usr" / "bin" / "prometheus"
_POD = "__meta_kubernetes_pod"
_JOB = "lern_sunbird_org_job"


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
    _install()
    configuration, port = folder / "prometheus.yaml", free_port()
    configuration.write_text(yaml.safe_dump(_configuration()), encoding="utf-8")
    log = LOGS / "prometheus.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                str(_PROGRAM),
                f"--config.file={configuration}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        found = Prometheus(port)
        wait_until(found.is_ready, "Prometheus is ready", timeout=60, log=log)
        yield found
    finally:
        process.terminate()
        process.wait()


def _install() -> None:
    """Debian's program, unpacked beside the cluster's own: nothing is installed."""
    if _PROGRAM.exists():
        return
    folder = _PROGRAM.parents[2]
    folder.mkdir(parents=True, exist_ok=True)
    with step("fetch Prometheus"):
        log = LOGS / "apt.log"
        run(["apt-get", "update"], log, advice="check the network and apt's sources")
        run(["apt-get", "download", "prometheus"], log, cwd=folder)
        (package,) = folder.glob("prometheus_*.deb")
        capture(["dpkg-deb", "--extract", package, folder])


def _configuration() -> dict[str, Any]:
    """What the chart's ServiceMonitor and PodMonitor say, and the kubelet's memory of each pod."""
    labels = [_copy("__meta_kubernetes_namespace", "namespace"), _copy(f"{_POD}_name", "pod")]
    metrics_port = _keep(f"{_POD}_container_port_name", "metrics")
    pods = {"role": "pod", "kubeconfig_file": str(kubeconfig())}
    pki = STATE / "pki"
    return {
        "global": {"scrape_interval": f"{SCRAPE_SECONDS}s"},
        "scrape_configs": [
            {
                "job_name": "program-user-info-operator",
                "kubernetes_sd_configs": [pods | {"namespaces": {"names": [NAMESPACE]}}],
                "relabel_configs": [metrics_port, *labels],
            },
            {
                "job_name": "jobs",
                "kubernetes_sd_configs": [pods],
                "relabel_configs": [
                    _keep(f"{_POD}_labelpresent_{_JOB}", "true"),
                    metrics_port,
                    *labels,
                    _copy(f"{_POD}_label_{_JOB}", _JOB),
                ],
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


def _keep(label: str, value: str) -> dict[str, Any]:
    return {"action": "keep", "source_labels": [label], "regex": value}


def _copy(label: str, to: str) -> dict[str, Any]:
    return {"source_labels": [label], "target_label": to}
