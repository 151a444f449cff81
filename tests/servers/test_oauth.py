"""OAUTHBEARER with a real broker that checks signed tokens, by both of the job's Kafka clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient, NewTopic

from program_user_info_job.config.model import Config, Kafka
from program_user_info_job.failure import FailureReason
from program_user_info_job.kafka.client_properties import librdkafka_properties
from program_user_info_job.kafka.produce import send
from program_user_info_job.kafka.topics import KafkaNotReady, prepare_topics
from program_user_info_job.pipeline.waiting import wait_for
from tests.configuration import document, write
from tests.servers.local_flink import GENERATIONS, Flink
from tests.servers.oauth import CLIENT, SCOPE, SECRET, TokenService, oauth_broker
from tests.servers.session_cluster import session_cluster

pytestmark = pytest.mark.cluster
TOPIC = "oauth.events"
PAYLOADS = [b'{"a": 1}', b'{"a": 2}', b'{"a": 3}']


@pytest.fixture(scope="module")
def tokens() -> Iterator[TokenService]:
    service = TokenService()
    with service.running():
        yield service


@pytest.fixture(scope="module")
def port(tokens: TokenService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with oauth_broker(tokens, tmp_path_factory.mktemp("broker")) as started:
        yield started


def section(port: int, tokens: TokenService, folder: Path, secret: str = SECRET) -> dict[str, Any]:
    """`kafka` of a job that gets its tokens with this secret."""
    folder.mkdir(exist_ok=True)
    (folder / "clientId").write_text(CLIENT)
    (folder / "clientSecret").write_text(secret)
    return {
        "bootstrapServers": [f"127.0.0.1:{port}"],
        "topic": TOPIC,
        "groupId": "oauth",
        "deadLetterTopic": f"{TOPIC}.failed",
        "security": {
            "protocol": "SASL_PLAINTEXT",
            "saslMechanism": "OAUTHBEARER",
            "tokenEndpoint": f"{tokens.url}/token",
            "tokenScope": SCOPE,
            "credentialsDir": str(folder),
        },
    }


@pytest.fixture(scope="module")
def kafka(port: int, tokens: TokenService, tmp_path_factory: pytest.TempPathFactory) -> Kafka:
    """Of the topic, with the payloads in it: created and sent with tokens, too."""
    folder = tmp_path_factory.mktemp("secret")
    kafka = msgspec.convert(section(port, tokens, folder), Kafka)
    admin = AdminClient(librdkafka_properties(kafka))
    admin.create_topics([NewTopic(TOPIC, num_partitions=2)])[TOPIC].result(60)
    assert send(kafka, PAYLOADS) == len(PAYLOADS)
    return kafka


def prepare(kafka: Kafka) -> int:
    """What `run` does first; the number of partitions."""
    parts = document("c:1", "k") | {"kafka": msgspec.to_builtins(kafka)}
    return len(prepare_topics(msgspec.convert(parts, Config)))


def refusal(kafka: Kafka) -> KafkaNotReady:
    with pytest.raises(KafkaNotReady) as caught:
        prepare(kafka)
    assert SECRET not in caught.value.message
    return caught.value


def test_the_tools_reach_the_topic_with_tokens(kafka: Kafka, tokens: TokenService) -> None:
    # The coordinator of the first group takes a moment, for which the job waits, too.
    assert wait_for("Kafka", lambda: prepare(kafka), print) == 2
    options = {"group.id": "tools", "auto.offset.reset": "earliest"}
    consumer = Consumer(librdkafka_properties(kafka) | options)
    try:
        consumer.subscribe([TOPIC])
        found = [message.value() for message in consumer.consume(len(PAYLOADS), 60)]
    finally:
        consumer.close()
    assert sorted(found) == PAYLOADS
    assert set(tokens.scopes) == {SCOPE}


def test_a_wrong_secret_is_one_sentence(
    kafka: Kafka, port: int, tokens: TokenService, tmp_path: Path
) -> None:
    said = refusal(msgspec.convert(section(port, tokens, tmp_path, "wrong"), Kafka))
    assert said.reason is FailureReason.KAFKA_REFUSED
    assert said.message == (
        f"kafka.security.credentials: {tokens.url}/token gives no token (invalid_client); correct"
        " clientId and clientSecret in the Secret, or tokenScope"
    )


def test_a_token_for_somebody_else_is_refused_by_the_broker(
    kafka: Kafka, tokens: TokenService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "audience", "another-service")
    said = refusal(kafka)
    assert said.reason is FailureReason.KAFKA_REFUSED
    assert "refuses the token" in said.message


def test_a_token_endpoint_that_is_away_is_named(kafka: Kafka) -> None:
    security = msgspec.structs.replace(kafka.security, token_endpoint="http://127.0.0.1:1/token")
    said = refusal(msgspec.structs.replace(kafka, security=security))
    assert said.reason is FailureReason.KAFKA_UNREACHABLE
    assert said.message.startswith("kafka.security.tokenEndpoint: no token comes from http://")


# Flink's client looks the topic up as the start of the job does, then reads it with the job's DDL.
READ = """
import sys
from itertools import islice
from pathlib import Path
import msgspec, yaml
from pyflink.table import EnvironmentSettings, TableEnvironment
from program_user_info_job.config.model import Flink, Kafka
from program_user_info_job.failure import JobFailure
from program_user_info_job.pipeline.java_client import check_java_client
from program_user_info_job.pipeline.sql import source_ddl
right, wrong = (
    msgspec.convert(yaml.safe_load(Path(file).read_text())["kafka"], Kafka) for file in sys.argv[1:]
)
try:
    check_java_client(wrong)
except JobFailure as failure:
    print("said:", failure.line())
check_java_client(right)
environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
environment.execute_sql(source_ddl(right, Flink()))
rows = environment.execute_sql("SELECT `topic`, `offset` FROM events")
with rows.collect() as found:  # which has no end
    print("read:", len(list(islice(found, 3))))
"""


@pytest.mark.parametrize("flink", GENERATIONS, ids=lambda flink: flink.name)
def test_flink_reads_the_topic_with_tokens(
    flink: Flink, kafka: Kafka, port: int, tokens: TokenService, tmp_path: Path
) -> None:
    program = tmp_path / "read.py"
    program.write_text(READ)
    sections = {
        "right": section(port, tokens, tmp_path / "right"),
        "wrong": section(port, tokens, tmp_path / "wrong", "wrong"),
    }
    files = [
        write(tmp_path / f"{name}.yaml", document("c:1", "k", kafka=each))
        for name, each in sections.items()
    ]
    endpoint = f"{tokens.url}/token"
    with session_cluster(flink, tmp_path, token_endpoint=endpoint) as cluster:
        cluster.run_python(program, *files, detached=False)
    printed = (tmp_path / "submit.log").read_text()
    said = next(line for line in printed.splitlines() if line.startswith("said:"))
    assert "[KafkaAuthenticationRefused] kafka: " in said
    assert SECRET not in printed
    assert f"read: {len(PAYLOADS)}" in printed
