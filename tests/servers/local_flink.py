"""Flink's processes on this machine, from the Flink that is inside of PyFlink's wheel."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from dev.cluster.forward import free_port
from dev.cluster.processes import end
from dev.paths import CACHE, REPOSITORY
from dev.steps import capture, run
from program_user_info_operator.observed.flink_metrics import (
    AGGREGATES,
    FlinkMetrics,
    read_metrics,
    vertices,
    wanted_metrics,
)

Options = Mapping[str, str | int]


@dataclass(frozen=True)
class Flink:
    """A generation: the environment that holds it, and the connectors that belong to it."""

    name: str
    line: str
    environment: Path

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.environment / "bin" / "python"

    @property
    def home(self) -> Path:
        """Flink's folder inside of the wheel."""
        where = "import pathlib, pyflink; print(pathlib.Path(pyflink.__file__).parent)"
        return Path(capture([self.python, "-c", where]).strip())

    def connectors(self) -> Path:
        """The folder with the connector jars, fetched once."""
        script = REPOSITORY / "job" / "connectors" / "fetch.sh"
        pom = script.parent / self.name / "pom.xml"
        key = hashlib.sha256(pom.read_bytes()).hexdigest()[:12]
        folder = CACHE / "jars" / f"connectors-{self.name}-{key}"
        if not folder.exists():
            partial = folder.with_name(f".{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            run([script, self.name, partial], partial.with_suffix(".log"))
            partial.rename(folder)
        return folder


GENERATIONS = (
    Flink("flink-1", "v1_20", REPOSITORY / ".venv"),
    Flink("flink-2", "v2_2", REPOSITORY / ".venv-flink-2"),
)


class LocalFlink:
    """A JobManager and TaskManagers with these options, and what their REST interface says."""

    def __init__(self, flink: Flink, folder: Path, options: Options) -> None:
        self.flink, self._folder = flink, folder
        self.port = free_port()
        self._options = dict(options) | {
            "jobmanager.rpc.address": "127.0.0.1",
            "jobmanager.rpc.port": free_port(),
            "taskmanager.host": "127.0.0.1",
            "rest.address": "127.0.0.1",
            "rest.port": self.port,
            # Milliseconds; who watches the job by its metrics wants them fresh.
            "metrics.fetcher.update-interval": 1000,
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def prepare(self, logging: str | None = None) -> None:
        """Write its configuration and gather its jars; `logging` is in log4j's language."""
        home, library = self.flink.home, self._folder / "lib"
        shutil.copytree(home / "conf", self._folder / "conf")
        for name in ("config.yaml", "flink-conf.yaml"):
            (self._folder / "conf" / name).unlink(missing_ok=True)
        library.mkdir()
        for jar in (*(home / "lib").glob("*.jar"), *self.flink.connectors().glob("*.jar")):
            if not jar.name.startswith("flink-s3-"):  # a plugin
                (library / jar.name).symlink_to(jar)
        (self._folder / "conf" / "config.yaml").write_text(yaml.safe_dump(self._options))
        if logging is not None:
            (self._folder / "conf" / "log4j-console.properties").write_text(logging)

    def start_program(self, program: str, *arguments: str | Path) -> None:
        """One of Flink's scripts, in a process session of its own."""
        log = self._folder / f"{program}-{len(self._processes)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(self.flink.home / "bin" / program), "start-foreground", *map(str, arguments)],
                env=self.variables(),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(process)

    @property
    def sessions(self) -> list[int]:
        """The ids of the process sessions of all that was started."""
        return [process.pid for process in self._processes]

    def logs(self) -> str:
        """All that was logged."""
        files = self._folder.glob("**/*.log")
        return "\n".join(file.read_text(errors="replace") for file in files)

    def stop(self) -> None:
        """End all, and the Python workers that a TaskManager in a hurry leaves behind."""
        for process in reversed(self._processes):
            end(process)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def variables(self) -> dict[str, str]:
        """The environment of its processes."""
        return {
            "HOME": str(self._folder),
            "PATH": f"{self.flink.environment / 'bin'}:{os.environ['PATH']}",
            # As in the image.
            "MALLOC_ARENA_MAX": "2",
            "FLINK_CONF_DIR": str(self._folder / "conf"),
            "FLINK_LIB_DIR": str(self._folder / "lib"),
            "FLINK_LOG_DIR": str(self._folder / "log"),
            "FLINK_PID_DIR": str(self._folder),
        }

    def processed(self) -> int:
        """Events that the write stage has answered for, by Flink's metrics."""
        now = self.now()
        return (now.written or 0) + (now.rejected or 0)

    def now(self) -> FlinkMetrics:
        """What the job does now, as `status` sees it."""
        return read_metrics(self.metrics(wanted_metrics), None)

    def metrics(self, wanted: Callable[[Any], list[str]]) -> list[Any]:
        """Those of all vertices that `wanted` chooses from what they offer."""
        found: list[Any] = []
        for job in self.get("jobs")["jobs"]:
            for vertex in vertices(self.get(f"jobs/{job['id']}")):
                path = f"jobs/{job['id']}/vertices/{vertex}/subtasks/metrics"
                names = ",".join(wanted(self.get(path)))
                found += self.get(f"{path}?{urlencode({'get': names, 'agg': AGGREGATES})}")
        return found

    def check(self) -> None:
        """Raise with the logs' end if a process has ended."""
        for process in self._processes:
            assert process.poll() is None, self.logs()[-3000:]

    def get(self, path: str) -> Any:
        """What the REST interface answers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=10) as answer:
            return json.load(answer)
