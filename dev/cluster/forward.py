"""Ports of the cluster's services on this machine, by kubectl; works for any cluster."""

from __future__ import annotations

import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dev.cluster import processes
from dev.cluster.target import kubeconfig, kubectl_path
from dev.steps import StepFailed, tail

_CONNECTIONS = Path("/proc/sys/net/ipv4/ip_local_port_range")


@contextmanager
def port_forward(
    target: str, namespace: str, port: int, local: int = 0, *, keep_up: bool = False
) -> Iterator[int]:
    """Forward a port of a service or pod; yields the local port once it accepts connections.

    `keep_up`: forward again whenever kubectl ends, as it does where another one has the port.
    """
    local = local or free_port()
    command = [
        *(kubectl_path(), "--kubeconfig", str(kubeconfig()), "port-forward"),
        *("--namespace", namespace, target, f"{local}:{port}"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "port-forward.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                processes.kept_up(command) if keep_up else command,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            _await_port(local, process, target, log)
            yield local
        finally:
            process.terminate()
            process.wait()


def _await_port(port: int, process: subprocess.Popen[bytes], target: str, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        if listens(port):
            return
        time.sleep(0.1)
    raise StepFailed(f"cannot forward a port to {target}\n{tail(log)}")


def listens(port: int) -> bool:
    """Whether this machine accepts connections to its loopback interface there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port of the loopback interface that nobody listens on.

    It is none of those that the kernel gives to connections: such a one may be taken at any moment.
    """
    given = int(_CONNECTIONS.read_text(encoding="ascii").split()[0])
    while True:
        port = random.randrange(given // 2, given)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
