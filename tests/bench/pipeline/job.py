"""The job of a commit, as that commit's controller would run it, on this machine.

`program-user-info-operator render` of the commit says all of it: Flink's options, memory, the
job's configuration. Only addresses, and what Kubernetes alone can do, are replaced.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dev.paths import REPOSITORY
from dev.steps import capture
from tests.bench.pipeline.servers import Servers
from tests.servers.local_flink import Flink, LocalFlink, Options

ENVIRONMENT = KEYSPACE = GROUP = "bench"
TOPIC = "bench.events"
DEAD_LETTERS = f"{TOPIC}.failed"
SINGLES = "bench.singles"
"""A topic for single events, so that what is compared with the fold stays as it is."""
TABLE = f"{KEYSPACE}.program_enrollment"
_LINE = "v1_20"
"""The one that CassandraSink runs on too."""
_NOT_HERE = "kubernetes."
_ADDED = "metrics.reporter.prometheus.port"
_DRIVER = "org.apache.flink.client.python.PythonDriver"


@dataclass(frozen=True)
class Commit:
    """A tree with its `.venv`, and what to call it."""

    name: str
    tree: Path


THIS_COMMIT = Commit("", REPOSITORY)


@dataclass(frozen=True)
class Rendered:
    """What the controller of a commit would apply, as far as it matters here."""

    options: Options
    logging: str
    config: str
    parallelism: int


@dataclass(frozen=True)
class Settings:
    """What the user of a job would say."""

    parallelism: int = 1
    flink: dict[str, str] = field(default_factory=dict)
    """`spec.flink.configuration`."""
    writes: dict[str, Any] = field(default_factory=dict)


def rendered(commit: Commit, servers: Servers, settings: Settings, folder: Path) -> Rendered:
    """By the commit's own command."""
    file = folder / "job.yaml"
    file.write_text(yaml.safe_dump(resource(servers, settings)), encoding="utf-8")
    command = commit.tree / ".venv" / "bin" / "program-user-info-operator"
    documents = list(yaml.safe_load_all(capture([command, "render", "-f", file])))
    return read(documents)


def read(documents: list[dict[str, Any]]) -> Rendered:
    """What is in the rendered objects."""
    deployment = documents[0]["spec"]
    (mounted,) = (
        volume["configMap"]["name"]
        for volume in deployment["podTemplate"]["spec"]["volumes"]
        if volume["name"] == "config"
    )
    (config,) = (each["data"] for each in documents if each["metadata"]["name"] == mounted)
    (logging,) = deployment["logConfiguration"].values()
    options = {
        name: value
        for name, value in deployment["flinkConfiguration"].items()
        if not name.startswith(_NOT_HERE)
    }
    parallelism = deployment["job"]["parallelism"]
    for kind in ("jobManager", "taskManager"):
        resource = deployment[kind]["resource"]
        options[f"{kind.lower()}.memory.process.size"] = resource["memory"]
    # As many processors as the JVMs see in their pods.
    processors = math.ceil(deployment["taskManager"]["resource"]["cpu"])
    options["env.java.opts.all"] += f" -XX:ActiveProcessorCount={processors}"
    options["parallelism.default"] = str(parallelism)
    # Several pods' worth of processes on one machine.
    options[_ADDED] = f"{options[_ADDED]}-{int(options[_ADDED]) + 50}"
    return Rendered(options, logging, config["config.yaml"], parallelism)


class ApplicationCluster(LocalFlink):
    """A JobManager that runs the job's program, and a TaskManager for each subtask."""

    def start(self, job: Rendered, script: Path) -> None:
        """Start all of them; they find each other."""
        self.prepare(job.logging)
        (jar,) = (self.flink.home / "opt").glob("flink-python-*.jar")
        (self._folder / "lib" / jar.name).symlink_to(jar)
        config = self._folder / "config.yaml"
        config.write_text(job.config, encoding="utf-8")
        program = ("-pyclientexec", self.flink.python, "-py", script, "run", "--config", config)
        self.start_program("standalone-job.sh", "--job-classname", _DRIVER, *program)
        for _ in range(job.parallelism):
            self.start_program("taskmanager.sh")


@contextmanager
def running_job(
    commit: Commit, servers: Servers, settings: Settings, folder: Path
) -> Iterator[ApplicationCluster]:
    """The job, ended afterwards."""
    job = rendered(commit, servers, settings, folder)
    flink = Flink("flink-1", _LINE, commit.tree / ".venv")
    cluster = ApplicationCluster(flink, folder, job.options)
    try:
        script = commit.tree / "job" / "src" / "program_user_info_job" / "__main__.py"
        cluster.start(job, script)
        yield cluster
    finally:
        cluster.stop()


def resource(servers: Servers, settings: Settings) -> dict[str, Any]:
    """The fields that have no default, and the topics and the table of the bench."""
    kafka = {
        "bootstrapServers": [servers.bootstrap],
        "topic": TOPIC,
        "additionalTopics": [SINGLES],
        "groupId": GROUP,
    }
    cassandra = {
        "contactPoints": [f"127.0.0.1:{servers.cassandra_port}"],
        "localDatacenter": "datacenter1",
        "keyspace": KEYSPACE,
    }
    return {
        "apiVersion": "lern.sunbird.org/v1alpha1",
        "kind": "ProgramUserInfoJob",
        "metadata": {"name": "bench", "namespace": "bench"},
        "spec": {
            "environment": ENVIRONMENT,
            "kafka": kafka,
            "cassandra": cassandra,
            "parallelism": settings.parallelism,
            "writes": settings.writes,
            "flink": {"version": _LINE, "configuration": settings.flink},
        },
    }
