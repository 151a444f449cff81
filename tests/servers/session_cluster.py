"""A Flink session cluster on this machine, configured as the controller would."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dev.paths import REPOSITORY
from dev.steps import StepFailed, tail
from program_user_info_operator.desired.flink_configuration import flink_configuration
from program_user_info_operator.environments.resolve import Resolved, resolve
from tests.cluster import eventually
from tests.servers.local_flink import Flink, LocalFlink, Options

JOB = REPOSITORY / "job" / "src" / "program_user_info_job" / "__main__.py"


class SessionCluster(LocalFlink):
    """A JobManager and a TaskManager with one slot, that take any number of jobs in turn."""

    def start(self) -> None:
        """Start both, and wait for the slot."""
        self.prepare()
        for program in ("jobmanager.sh", "taskmanager.sh"):
            self.start_program(program)
        eventually(self._has_a_slot, "the TaskManager has registered", 120)

    def submit(self, config: Path) -> None:
        """Our job; raises `StepFailed`."""
        self.run_python(JOB, "run", "--config", config)

    def run_python(self, program: Path, *arguments: str | Path, detached: bool = True) -> None:
        """`flink run --python`; raises `StepFailed`."""
        command = [
            *(self.flink.home / "bin" / "flink", "run", *(["--detached"] if detached else [])),
            *("--pyClientExecutable", self.flink.python, "--python", program, *arguments),
        ]
        log = self._folder / "submit.log"
        with log.open("wb") as output:
            done = subprocess.run(
                [str(word) for word in command],
                env=self.variables(),
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            raise StepFailed(f"flink run ended with {done.returncode}\n{tail(log)}")

    def _has_a_slot(self) -> bool:
        self.check()
        with contextlib.suppress(OSError):
            return bool(self.get("overview")["slots-available"] == 1)
        return False


@contextmanager
def session_cluster(
    flink: Flink,
    folder: Path,
    options: Options | None = None,
    *,
    token_endpoint: str | None = None,
) -> Iterator[SessionCluster]:
    """A running one, ended afterwards; with a test's options, or these.

    `token_endpoint` is where the jobs' Kafka clients get tokens.
    """
    chosen = _options(flink, token_endpoint) if options is None else options
    cluster = SessionCluster(flink, folder, chosen)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def _options(flink: Flink, token_endpoint: str | None) -> Options:
    spec: dict[str, Any] = {
        "environment": "dev",
        "kafka": {"bootstrapServers": ["kafka:9092"]},
        "cassandra": {"contactPoints": ["cassandra:9042"]},
    }
    if token_endpoint is not None:
        spec["kafka"] |= {"security": _with_tokens(token_endpoint)}
    resolved = resolve(spec, None)
    assert isinstance(resolved, Resolved)
    as_deployed = flink_configuration(resolved.spec, flink.line)
    own = ("kubernetes.", "metrics.reporter.")
    kept = {key: value for key, value in as_deployed.items() if not key.startswith(own)}
    sizes = {
        "jobmanager.memory.process.size": "1024m",
        "taskmanager.memory.process.size": "1600m",
    }
    return {**kept, **sizes}


def _with_tokens(endpoint: str) -> dict[str, Any]:
    return {
        "protocol": "SASL_PLAINTEXT",
        "saslMechanism": "OAUTHBEARER",
        "tokenEndpoint": endpoint,
        "credentials": {"secretName": "client"},
    }
