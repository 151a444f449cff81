"""At the start, Kafka's Java client is tried as Flink will use it, on both Flink generations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.demo.world import Kafka
from dev.steps import capture
from tests.configuration import document, write
from tests.servers.local_flink import GENERATIONS, Flink
from tests.servers.own import own_topic
from tests.servers.session_cluster import session_cluster

pytestmark = pytest.mark.cluster
TOPIC = "java.client"
CHECK = """
import sys
from pathlib import Path
import msgspec, yaml
from program_user_info_job.config.model import Kafka
from program_user_info_job.failure import JobFailure
from program_user_info_job.pipeline.java_client import check_java_client
for file in sys.argv[1:]:
    kafka = yaml.safe_load(Path(file).read_text())["kafka"]
    try:
        check_java_client(msgspec.convert(kafka, Kafka))
        print("reached")
    except JobFailure as failure:
        print(failure.line())
"""


@pytest.fixture(scope="module")
def kafka() -> Iterator[Kafka]:
    with own_topic(TOPIC) as opened:
        yield opened


def secret_with_a_key_that_only_openssl_reads(folder: Path) -> Path:
    folder.mkdir()
    files = ("-keyout", folder / "tls.key", "-out", folder / "tls.crt")
    capture(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=t", *files])
    (folder / "ca.crt").write_bytes((folder / "tls.crt").read_bytes())
    return folder


def check(flink: Flink, folder: Path, *sections: dict[str, Any]) -> list[str]:
    """What the check says of each section `kafka`, in a program that Flink runs."""
    program = folder / "check.py"
    program.write_text(CHECK)
    files = [
        write(folder / f"{number}.yaml", document("c:1", "k", kafka=section))
        for number, section in enumerate(sections)
    ]
    with session_cluster(flink, folder) as cluster:
        cluster.run_python(program, *files)
    printed = (folder / "submit.log").read_text()
    said = [line for line in printed.splitlines() if "reached" in line or "java_client: [" in line]
    assert len(said) == len(sections), printed
    return said


@pytest.mark.parametrize("flink", GENERATIONS, ids=lambda flink: flink.name)
def test_what_only_the_java_client_refuses_is_said(
    flink: Flink, kafka: Kafka, tmp_path: Path
) -> None:
    secret = secret_with_a_key_that_only_openssl_reads(tmp_path / "secret")
    plain = {"bootstrapServers": [f"127.0.0.1:{KAFKA_PORT}"], "topic": TOPIC}
    right, option, key, server = check(
        flink,
        tmp_path,
        plain,
        plain | {"clientOptions": {"fetch.min.bytes": "many"}},
        plain | {"security": {"protocol": "SSL", "tlsDir": str(secret)}},
        plain | {"bootstrapServers": ["127.0.0.1:1"]},
    )
    assert right == "reached"
    assert "[ConfigurationInvalid] kafka: " in option
    assert "fetch.min.bytes" in option
    assert "[ConfigurationInvalid] kafka: " in key
    assert "InvalidKeySpecException" in key
    assert "[KafkaUnreachable] kafka: " in server
    assert "TimeoutException" in server
