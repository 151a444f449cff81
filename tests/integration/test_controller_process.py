"""The controller as a process: one namespace only, its liveness, its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dev.cluster.chart_release import NAMESPACE, RELEASE
from dev.cluster.target import kubeconfig
from tests.cluster import (
    Namespace,
    condition,
    controller_stopped,
    eventually,
    job,
    profiles,
    settled,
    temporary_namespace,
)

pytestmark = pytest.mark.cluster


@contextmanager
def controller(*namespaces: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A controller beside the cluster; yields the process and its liveness address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        liveness = f"http://127.0.0.1:{probe.getsockname()[1]}/healthz"
    options = {
        "--profiles-namespace": NAMESPACE,
        "--profiles-name": f"{RELEASE}-environments",
        "--namespaces": ",".join(namespaces),
        "--job-image": "v1_20=registry.example/job:1.2.3",
        "--resync-seconds": "2",
        "--liveness": liveness,
        "--metrics-port": "0",
    }
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "program_user_info_operator", "run"),
            *(word for option in options.items() for word in option),
        ],
        env={**os.environ, "KUBECONFIG": str(kubeconfig())},
        stderr=subprocess.PIPE,
    )
    try:
        yield process, liveness
    finally:
        process.kill()
        process.communicate()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def test_it_reconciles_its_namespaces_only_and_ends_when_told(namespace: Namespace) -> None:
    with (
        temporary_namespace("unwatched") as other,
        profiles(local={"parallelism": 2}) as change,
        controller_stopped(),
        controller(namespace.name) as (process, liveness),
    ):
        namespace.apply(job(environment="local"))
        other.apply(job(environment="local"))
        found = settled(namespace, "job")
        assert found["status"]["imageVersion"] == "1.2.3"
        assert condition(found, "Ready")["reason"] == "Suspended"
        assert found["status"]["jobState"] == "SUSPENDED"
        eventually(lambda: answers(liveness), "the liveness probe is answered")

        change(local={"parallelism": 3})
        eventually(
            lambda: (
                "until the job is resumed"
                in condition(namespace.get("puij", "job"), "Ready").get("message", "")
            ),
            "the profile's change has arrived",
        )
        ignored = other.get("puij", "job")
        assert ignored is not None
        assert "status" not in ignored

        namespace.run("delete", "configmap", "-l", "lern.sunbird.org/job=job")
        eventually(
            lambda: namespace.names("configmap", "lern.sunbird.org/job=job"),
            "the configuration is there again",
        )
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
        assert process.returncode == 0
        assert b'"controller starts"' in log
        assert b"Traceback" not in log
