"""The configuration file, and the client properties that follow from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from program_user_info_job.config.kafka_client import java_properties, librdkafka_properties
from program_user_info_job.config.load import ConfigError, load_config
from program_user_info_job.config.model import Config
from program_user_info_job.config.rules import mapping_rules
from program_user_info_job.pipeline.settings import flink_settings
from program_user_info_job.pipeline.sql import dead_letter_ddl, insert_dml, source_ddl

DOCUMENT: dict[str, Any] = {
    "environment": "dev",
    "kafka": {
        "bootstrapServers": ["a:1", "b:2"],
        "topic": "t",
        "groupId": "g",
        "deadLetterTopic": "t.failed",
    },
    "cassandra": {"contactPoints": ["c:9042"], "localDatacenter": "dc"},
}


def config(**kafka: Any) -> Config:
    return msgspec.convert(DOCUMENT | {"kafka": DOCUMENT["kafka"] | kafka}, Config)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("environment: 5", "$.environment"),
        ("environment: a\nkafak: {}", "kafak"),
        ("a: [", "not YAML"),
        ("environment: dev\nkafka: {bootstrapServers: []}", "$.kafka.bootstrapServers"),
        ("environment: dev\nkafka: {bootstrapServers: [kafka]}", "$.kafka.bootstrapServers[0]"),
    ],
)
def test_a_wrong_file_is_refused_by_field(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"config\.yaml: ") as caught:
        load_config(file)
    assert message in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pass an existing file"):
        load_config(tmp_path / "none.yaml")


def test_the_rules_follow_from_the_configuration() -> None:
    cassandra = DOCUMENT["cassandra"] | {
        "layout": "map",
        "deletes": "apply",
        "missingProfile": "write",
    }
    rules = mapping_rules(msgspec.convert(DOCUMENT | {"cassandra": cassandra}, Config))
    assert rules.layout.name == "map"
    assert rules.apply_deletes
    assert rules.write_without_profile


def secured(tmp_path: Path) -> Config:
    (tmp_path / "username").write_text("reader")
    (tmp_path / "password").write_text("s3cret'")
    return config(
        security={
            "protocol": "SASL_SSL",
            "saslMechanism": "SCRAM-SHA-512",
            "credentialsDir": str(tmp_path),
            "tlsDir": "/tls",
        }
    )


def test_no_secret_is_part_of_the_job_graph(tmp_path: Path) -> None:
    kafka = secured(tmp_path).kafka
    properties = java_properties(kafka)
    assert f"${{directory:{tmp_path}:password}}" in properties["sasl.jaas.config"]
    assert properties["ssl.truststore.location"] == "/tls/ca.crt"
    for text in (str(properties), source_ddl(kafka, 1), dead_letter_ddl(kafka)):
        assert "s3cret" not in text


def test_the_commands_read_the_mounted_secret(tmp_path: Path) -> None:
    properties = librdkafka_properties(secured(tmp_path).kafka)
    assert (properties["sasl.username"], properties["sasl.password"]) == ("reader", "s3cret'")
    assert properties["ssl.ca.location"] == "/tls/ca.crt"


def test_a_certificate_of_our_own_makes_tls_mutual(tmp_path: Path) -> None:
    kafka = config(security={"protocol": "SSL", "tlsDir": str(tmp_path)}).kafka
    assert "ssl.keystore.type" not in java_properties(kafka)
    assert "ssl.key.location" not in librdkafka_properties(kafka)
    (tmp_path / "tls.crt").write_text("certificate")
    (tmp_path / "tls.key").write_text("key")
    properties = java_properties(kafka)
    assert properties["ssl.keystore.key"] == f"${{directory:{tmp_path}:tls.key}}"
    assert properties["config.providers"] == "directory"
    assert librdkafka_properties(kafka)["ssl.key.location"] == f"{tmp_path}/tls.key"


@pytest.mark.parametrize("password", ["line\n", 'quo"te', "back\\slash"])
def test_credentials_that_kafkas_client_cannot_take_are_named(
    tmp_path: Path, password: str
) -> None:
    (tmp_path / "username").write_text("reader")
    (tmp_path / "password").write_text(password)
    security = {"protocol": "SASL_SSL", "saslMechanism": "PLAIN", "credentialsDir": str(tmp_path)}
    document = DOCUMENT | {"kafka": DOCUMENT["kafka"] | {"security": security}}
    file = tmp_path / "config.yaml"
    file.write_text(msgspec.json.encode(document).decode())
    with pytest.raises(ConfigError, match=r"credentials: password holds a line break") as caught:
        load_config(file)
    assert password not in str(caught.value)
    (tmp_path / "password").unlink()
    with pytest.raises(ConfigError, match="add password to the Secret"):
        load_config(file)


def test_plain_brokers_need_no_secret() -> None:
    assert librdkafka_properties(config().kafka) == {
        "bootstrap.servers": "a:1,b:2",
        "security.protocol": "PLAINTEXT",
    }


def test_sql_quotes_what_the_configuration_says() -> None:
    ddl = source_ddl(config(groupId="it's", additionalTopics=["more"]).kafka, 500)
    assert "'properties.group.id' = 'it''s'" in ddl
    assert "'properties.bootstrap.servers' = 'a:1,b:2'" in ddl
    assert "'topic' = 't;more'" in ddl
    assert "'scan.topic-partition-discovery.interval' = '500 ms'" in ddl


def test_every_header_of_a_dead_letter_is_sent() -> None:
    for header in ("reason", "detail", *(f"source-{n}" for n in ("topic", "partition", "offset"))):
        assert f"'{header}', ENCODE(" in insert_dml()


def test_flink_settings(tmp_path: Path) -> None:
    (tmp_path / "connector.jar").touch()
    settings = flink_settings(config(), "/python", tmp_path)
    assert settings["pipeline.jars"] == (tmp_path / "connector.jar").as_uri()
    assert settings["execution.checkpointing.interval"] == "10000 ms"
    assert "parallelism.default" not in settings
    assert "pipeline.jars" not in flink_settings(config(), "/python", None)
