"""Starts controllers at once: a process that has imported everything, and forks.

Each line on its standard input is a JSON document `{"args": …, "kubeconfig": …, "log": …}`; it
answers with the pid of the controller that it has started so.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from kubernetes.config import kube_config

from program_user_info_operator.cli.main import app

# Another commit may have it elsewhere; then each of its controllers imports it.
with contextlib.suppress(ModuleNotFoundError):
    importlib.import_module("program_user_info_operator.controller.process")


class Zygote:
    """The process, from the tests' side."""

    def __init__(self, source: Path | None = None) -> None:
        """`source`: a folder with another version of the controller's package."""
        self._lock = threading.Lock()
        path = [str(source)] if source is not None else []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            env=os.environ | {"PYTHONPATH": os.pathsep.join([*path, *sys.path])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def spawn(self, args: list[str], kubeconfig: Path, log: Path) -> int:
        """Start a controller; its pid."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = json.dumps({"args": args, "kubeconfig": str(kubeconfig), "log": str(log)})
        with self._lock:
            self._process.stdin.write(request.encode() + b"\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def stop(self) -> None:
        """End it; the controllers are ended by those who started them."""
        self._process.communicate(timeout=30)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended is reaped by the zygote at once."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def end(pid: int, how: signal.Signals) -> None:
    """Send a signal and wait until the process is gone, with force in the end."""
    deadline = time.monotonic() + 30
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, how)
        while is_alive(pid):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)


def main() -> None:
    """Fork for each line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid:
            print(pid, flush=True)
        else:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _become_controller(request)


def _become_controller(request: dict[str, object]) -> None:
    log = os.open(str(request["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 2)
    os.dup2(log, 1)
    os.close(0)
    os.environ["KUBECONFIG"] = str(request["kubeconfig"])
    # Read from the environment when the client was imported.
    kube_config.KUBE_CONFIG_DEFAULT_LOCATION = os.environ["KUBECONFIG"]
    app(request["args"])


if __name__ == "__main__":
    main()
