"""A Flink session cluster on this machine, from the Flink that is inside of PyFlink's wheel."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from dev.cluster.forward import free_port
from dev.paths import CACHE, REPOSITORY
from dev.steps import StepFailed, capture, run, tail
from program_user_info_operator.desired.flink_configuration import flink_configuration
from program_user_info_operator.environments.resolve import Resolved, resolve
from program_user_info_operator.observed.flink_metrics import (
    AGGREGATES,
    FlinkMetrics,
    read_metrics,
    vertices,
    wanted_metrics,
)
from tests.cluster import eventually

JOB = REPOSITORY / "job" / "src" / "program_user_info_job" / "__main__.py"


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


class SessionCluster:
    """A JobManager and a TaskManager, configured as the controller would."""

    def __init__(
        self, flink: Flink, folder: Path, slots: int, token_endpoint: str | None = None
    ) -> None:
        """`token_endpoint` is where the jobs' Kafka clients get tokens."""
        self._flink, self._folder, self._slots = flink, folder, slots
        self._token_endpoint = token_endpoint
        self.port = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start both, and wait for the slots."""
        home, library = self._flink.home, self._folder / "lib"
        shutil.copytree(home / "conf", self._folder / "conf")
        for name in ("config.yaml", "flink-conf.yaml"):
            (self._folder / "conf" / name).unlink(missing_ok=True)
        library.mkdir()
        for jar in (*(home / "lib").glob("*.jar"), *self._flink.connectors().glob("*.jar")):
            if not jar.name.startswith("flink-s3-"):  # a plugin
                (library / jar.name).symlink_to(jar)
        options = self._options()
        (self._folder / "conf" / "config.yaml").write_text(yaml.safe_dump(options))
        for program in ("jobmanager.sh", "taskmanager.sh"):
            with (self._folder / f"{program}.log").open("wb") as log:
                command = [str(home / "bin" / program), "start-foreground"]
                process = subprocess.Popen(
                    command,
                    env=self._variables(),
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            self._processes.append(process)
        eventually(self._has_slots, "the TaskManager has registered", 120)

    def submit(self, config: Path) -> None:
        """Our job; raises `StepFailed`."""
        self.run_python(JOB, "run", "--config", config)

    def run_python(self, program: Path, *arguments: str | Path, detached: bool = True) -> None:
        """`flink run --python`; raises `StepFailed`."""
        command = [
            *(self._flink.home / "bin" / "flink", "run", *(["--detached"] if detached else [])),
            *("--pyClientExecutable", self._flink.python, "--python", program, *arguments),
        ]
        log = self._folder / "submit.log"
        with log.open("wb") as output:
            done = subprocess.run(
                [str(word) for word in command],
                env=self._variables(),
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            raise StepFailed(f"flink run ended with {done.returncode}\n{tail(log)}")

    def logs(self) -> str:
        """All that was logged."""
        files = self._folder.glob("**/*.log")
        return "\n".join(file.read_text(errors="replace") for file in files)

    def stop(self) -> None:
        """End both, and the Python workers that a TaskManager in a hurry leaves behind."""
        for process in reversed(self._processes):
            process.terminate()
            process.wait()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def _options(self) -> dict[str, str | int]:
        spec: dict[str, Any] = {
            "environment": "dev",
            "kafka": {"bootstrapServers": ["kafka:9092"]},
            "cassandra": {"contactPoints": ["cassandra:9042"]},
        }
        if self._token_endpoint is not None:
            spec["kafka"] |= {"security": _with_tokens(self._token_endpoint)}
        resolved = resolve(spec, None)
        assert isinstance(resolved, Resolved)
        as_deployed = flink_configuration(resolved.spec, self._flink.line)
        own = ("kubernetes.", "metrics.reporter.")
        kept = {key: value for key, value in as_deployed.items() if not key.startswith(own)}
        own_options: dict[str, str | int] = {
            "jobmanager.rpc.address": "127.0.0.1",
            "jobmanager.rpc.port": free_port(),
            "jobmanager.memory.process.size": "1024m",
            "taskmanager.memory.process.size": "1600m",
            "taskmanager.host": "127.0.0.1",
            "rest.address": "127.0.0.1",
            "rest.port": self.port,
            "taskmanager.numberOfTaskSlots": self._slots,
            # Milliseconds; who watches the job by its metrics wants them fresh.
            "metrics.fetcher.update-interval": 1000,
        }
        return {**kept, **own_options}

    def _variables(self) -> dict[str, str]:
        return {
            "HOME": str(self._folder),
            "PATH": f"{self._flink.environment / 'bin'}:{os.environ['PATH']}",
            "FLINK_CONF_DIR": str(self._folder / "conf"),
            "FLINK_LIB_DIR": str(self._folder / "lib"),
            "FLINK_LOG_DIR": str(self._folder / "log"),
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
        for job in self._get("jobs")["jobs"]:
            for vertex in vertices(self._get(f"jobs/{job['id']}")):
                path = f"jobs/{job['id']}/vertices/{vertex}/subtasks/metrics"
                names = ",".join(wanted(self._get(path)))
                found += self._get(f"{path}?{urlencode({'get': names, 'agg': AGGREGATES})}")
        return found

    def _has_slots(self) -> bool:
        for process in self._processes:
            assert process.poll() is None, self.logs()[-3000:]
        with contextlib.suppress(OSError):
            return bool(self._get("overview")["slots-available"] == self._slots)
        return False

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=10) as answer:
            return json.load(answer)


def _with_tokens(endpoint: str) -> dict[str, Any]:
    return {
        "protocol": "SASL_PLAINTEXT",
        "saslMechanism": "OAUTHBEARER",
        "tokenEndpoint": endpoint,
        "credentials": {"secretName": "client"},
    }


@contextmanager
def session_cluster(
    flink: Flink, folder: Path, slots: int = 1, token_endpoint: str | None = None
) -> Iterator[SessionCluster]:
    """A running one, ended afterwards."""
    cluster = SessionCluster(flink, folder, slots, token_endpoint)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
