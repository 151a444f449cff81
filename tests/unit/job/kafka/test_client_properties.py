"""The properties of both Kafka clients: what is secret stays out of the job graph."""

from __future__ import annotations

from pathlib import Path

from confluent_kafka.admin import AdminClient

from program_user_info_job.config.model import Config, Flink, Kafka
from program_user_info_job.kafka.client_properties import (
    java_properties,
    librdkafka_properties,
)
from program_user_info_job.pipeline.sql import dead_letter_ddl, source_ddl
from tests.configuration import config


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
    for text in (str(properties), source_ddl(kafka, Flink()), dead_letter_ddl(kafka)):
        assert "s3cret" not in text


def test_the_commands_read_the_mounted_secret(tmp_path: Path) -> None:
    properties = librdkafka_properties(secured(tmp_path).kafka)
    assert (properties["sasl.username"], properties["sasl.password"]) == ("reader", "s3cret'")
    assert properties["ssl.ca.location"] == "/tls/ca.crt"


def with_tokens(tmp_path: Path, **security: str) -> Kafka:
    (tmp_path / "clientId").write_text("job")
    (tmp_path / "clientSecret").write_text("s3cret'")
    fields = {
        "protocol": "SASL_SSL",
        "saslMechanism": "OAUTHBEARER",
        "credentialsDir": str(tmp_path),
        "tokenEndpoint": "https://login.example/token",
    }
    return config(security=fields | security).kafka


def test_tokens_are_fetched_by_both_clients_without_a_secret_in_the_job_graph(
    tmp_path: Path,
) -> None:
    kafka = with_tokens(tmp_path, tokenScope="kafka offline")
    java = java_properties(kafka)
    assert java["sasl.mechanism"] == "OAUTHBEARER"
    assert java["sasl.oauthbearer.token.endpoint.url"] == "https://login.example/token"
    assert java["config.providers"] == "directory"
    login = java["sasl.jaas.config"]
    assert f'clientSecret="${{directory:{tmp_path}:clientSecret}}"' in login
    assert 'scope="kafka offline"' in login
    assert "s3cret" not in source_ddl(kafka, Flink()) + dead_letter_ddl(kafka)
    ours = librdkafka_properties(kafka)
    assert ours["sasl.oauthbearer.client.secret"] == "s3cret'"
    assert ours["sasl.oauthbearer.scope"] == "kafka offline"
    assert "sasl.username" not in ours
    AdminClient(ours | {"bootstrap.servers": ""})  # refuses options that it does not know


def test_tokens_without_a_scope_are_asked_for_without_one(tmp_path: Path) -> None:
    kafka = with_tokens(tmp_path)
    assert "scope=" not in java_properties(kafka)["sasl.jaas.config"]
    assert "sasl.oauthbearer.scope" not in librdkafka_properties(kafka)


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


def test_plain_brokers_need_no_secret() -> None:
    assert librdkafka_properties(config().kafka) == {
        "bootstrap.servers": "a:1,b:2",
        "security.protocol": "PLAINTEXT",
        "log_level": "0",
    }


def test_host_names_are_verified_unless_switched_off() -> None:
    option = "ssl.endpoint.identification.algorithm"  # both clients' default is https
    verified = config(security={"protocol": "SSL"}).kafka
    assert option not in java_properties(verified) | librdkafka_properties(verified)
    kafka = config(security={"protocol": "SSL", "verifyHostNames": False}).kafka
    assert java_properties(kafka)[option] == ""
    assert librdkafka_properties(kafka)[option] == "none"
