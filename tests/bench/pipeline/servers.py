"""Kafka and Cassandra as processes of this machine, with nothing in between.

Their jars and start scripts are those of the development cluster's images. Cassandra's settings are
those that it ships with (`conf/cassandra.yaml` of 5.0.6), its heap is 2 GiB.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.cluster.forward import free_port, listens
from dev.cluster.processes import end
from dev.cluster.toolchain.jars import fetch_jars
from dev.paths import DEV
from dev.steps import step, tail, wait_until

CASSANDRA_HEAP = "2g"
_PATIENCE = 900.0
_IMAGES = DEV / "release" / "images"
_CASSANDRA_YAML = """\
cluster_name: bench
num_tokens: 16
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
commitlog_sync: periodic
commitlog_sync_period: 10000ms
commitlog_segment_size: 32MiB
memtable_allocation_type: heap_buffers
endpoint_snitch: SimpleSnitch
authenticator: AllowAllAuthenticator
authorizer: AllowAllAuthorizer
role_manager: CassandraRoleManager
start_native_transport: true
listen_address: 127.0.0.1
rpc_address: 127.0.0.1
storage_port: @STORAGE_PORT@
native_transport_port: @CQL_PORT@
data_file_directories: [@DATA@/data]
commitlog_directory: @DATA@/commitlog
saved_caches_directory: @DATA@/saved_caches
hints_directory: @DATA@/hints
cdc_raw_directory: @DATA@/cdc_raw
auto_snapshot: false
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "127.0.0.1:@STORAGE_PORT@"
"""


@dataclass(frozen=True)
class Servers:
    """Where they listen, and their processes."""

    kafka_port: int
    cassandra_port: int
    kafka: int
    cassandra: int

    @property
    def bootstrap(self) -> str:
        """Kafka's address."""
        return f"127.0.0.1:{self.kafka_port}"


@contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Both, empty; they end with the block."""
    with ExitStack() as stack:
        kafka_port, cassandra_port = free_port(), free_port()
        kafka = stack.enter_context(_started(_kafka_home(folder, kafka_port), "kafka", kafka_port))
        home = _cassandra_home(folder, cassandra_port)
        cassandra = stack.enter_context(_started(home, "cassandra", cassandra_port))
        yield Servers(kafka_port, cassandra_port, kafka, cassandra)


@contextmanager
def _started(home: Path, name: str, port: int) -> Iterator[int]:
    """A server's process id, once it listens."""
    upper = name.upper()
    variables = {
        f"{upper}_HOME": str(home),
        f"{upper}_DATA": str(home / "data"),
        "CASSANDRA_HEAP": CASSANDRA_HEAP,
        "JMX_PORT": str(free_port()),
        "POD_IP": "127.0.0.1",
    }
    log = home / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["/bin/sh", str(home / "start.sh")],
            env=os.environ | variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def ready() -> bool:
        if process.poll() is not None:
            raise AssertionError(f"{name} has ended\n{tail(log)}")
        return listens(port)

    try:
        with step(f"start {name}"):
            wait_until(ready, f"{name} listens", timeout=_PATIENCE, log=log)
        yield process.pid
    finally:
        end(process)


def _kafka_home(folder: Path, port: int) -> Path:
    home = _home(folder, "kafka")
    controller = free_port()
    text = (_IMAGES / "kafka" / "server.properties").read_text(encoding="utf-8")
    own = {
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"LOCAL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"LOCAL://127.0.0.1:{port}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,LOCAL:PLAINTEXT",
        "inter.broker.listener.name": "LOCAL",
        "log.dirs": f"{home}/data/logs",
    }
    for name, value in own.items():
        text, found = re.subn(rf"(?m)^{re.escape(name)}=.*$", f"{name}={value}", text)
        assert found == 1, f"server.properties has no {name}"
    (home / "server.properties").write_text(text, encoding="utf-8")
    return home


def _cassandra_home(folder: Path, port: int) -> Path:
    home = _home(folder, "cassandra")
    text = _CASSANDRA_YAML.replace("@DATA@", str(home / "data"))
    text = text.replace("@CQL_PORT@", str(port)).replace("@STORAGE_PORT@", str(free_port()))
    (home / "cassandra.yaml").write_text(text, encoding="utf-8")
    return home


def _home(folder: Path, name: str) -> Path:
    """What the image has in /opt, with an empty data folder."""
    home = folder / name
    shutil.copytree(_IMAGES / name, home)
    (home / "lib").symlink_to(fetch_jars(name, _IMAGES / name / "pom.xml"))
    (home / "data").mkdir()
    return home
