"""The configuration file, and the client properties that follow from it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from confluent_kafka.admin import AdminClient
from structlog.testing import capture_logs

from program_user_info_job.config.client_options import (
    CONSUMER_OPTIONS,
    PRODUCER_OPTIONS,
    SHARED_OPTIONS,
)
from program_user_info_job.config.load import ConfigError, load_config
from program_user_info_job.config.model import Config, Flink, Kafka
from program_user_info_job.config.rules import mapping_rules
from program_user_info_job.kafka.client_properties import (
    java_properties,
    librdkafka_properties,
)
from program_user_info_job.pipeline.settings import flink_settings
from program_user_info_job.pipeline.sql import dead_letter_ddl, insert_dml, source_ddl
from program_user_info_operator.api.kafka_options import CLIENT_OPTIONS
from tests.configuration import DOCUMENT, config

KAFKA = (
    "environment: dev\ncassandra: {contactPoints: ['c:1'], localDatacenter: dc}\n"
    "kafka: {bootstrapServers: ['k:1'], topic: t, groupId: g, deadLetterTopic: f"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("environment: 5", "$.environment"),
        ("a: [", "not YAML"),
        ("environment: dev\nkafka: {bootstrapServers: []}", "$.kafka.bootstrapServers"),
        (
            f"{KAFKA}, startingOffsets: '2023-02-29T00:00:00Z'}}",
            "2023-02-29T00:00:00Z is not a time",
        ),
        ("environment: dev\nkafka: {bootstrapServers: [kafka]}", "$.kafka.bootstrapServers[0]"),
    ],
)
def test_a_wrong_file_is_refused_by_field(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"config\.yaml: ") as caught:
        load_config(file)
    assert message in str(caught.value)


def test_fields_of_a_newer_release_are_ignored_and_named_in_one_line_without_values(
    tmp_path: Path,
) -> None:
    document = DOCUMENT | {
        "kafka": DOCUMENT["kafka"] | {"newer": "secret", "security": {"newest": {"x": "secret"}}},
        "future": ["secret"],
    }
    file = tmp_path / "config.yaml"
    file.write_text(msgspec.json.encode(document).decode())
    with capture_logs() as lines:
        assert load_config(file) == config()
    (line,) = lines
    assert line["log_level"] == "warning"
    assert line["fields"] == ["future", "kafka.newer", "kafka.security.newest"]
    assert "secret" not in str(line)


def test_what_a_release_of_old_rendered_is_all_that_is_required(tmp_path: Path) -> None:
    """A field that is added later must have a default: an older controller does not render it."""
    file = tmp_path / "config.yaml"
    file.write_text(msgspec.json.encode(DOCUMENT).decode())
    with capture_logs() as lines:
        assert load_config(file) == config()
    assert lines == []


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


def test_tokens_need_an_endpoint_and_a_client(tmp_path: Path) -> None:
    security = {
        "protocol": "SASL_SSL",
        "saslMechanism": "OAUTHBEARER",
        "credentialsDir": str(tmp_path),
    }
    file = tmp_path / "config.yaml"

    def load() -> None:
        document = DOCUMENT | {"kafka": DOCUMENT["kafka"] | {"security": security}}
        file.write_text(msgspec.json.encode(document).decode())
        load_config(file)

    with pytest.raises(ConfigError, match=r"kafka\.security\.tokenEndpoint: needed"):
        load()
    security["tokenEndpoint"] = "https://login.example/token"
    with pytest.raises(ConfigError, match="add clientId to the Secret"):
        load()


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
        "log_level": "0",
    }


def test_sql_quotes_what_the_configuration_says() -> None:
    ddl = source_ddl(
        config(groupId="it's", additionalTopics=["more"]).kafka, Flink(partition_discovery=500)
    )
    assert "'properties.group.id' = 'it''s'" in ddl
    assert "'properties.bootstrap.servers' = 'a:1,b:2'" in ddl
    assert "'topic' = 't;more'" in ddl
    assert "'scan.topic-partition-discovery.interval' = '500 ms'" in ddl


def test_a_clients_option_replaces_the_jobs_own_and_goes_to_the_client_that_has_it() -> None:
    kafka = config(
        clientOptions={
            "max.poll.records": "77",
            "linger.ms": "88",
            "request.timeout.ms": "99",
            "compression.type": "zstd",
            # Neither is one that may be set.
            "bootstrap.servers": "elsewhere:1",
            "isolation.level": "read_uncommitted",
        }
    ).kafka
    source, sink = source_ddl(kafka, Flink()), dead_letter_ddl(kafka)
    assert source.count("'properties.max.poll.records'") == 1
    assert "'properties.max.poll.records' = '77'" in source
    assert "linger.ms" not in source
    assert "'properties.linger.ms' = '88'" in sink
    assert "'properties.compression.type' = 'zstd'" in sink
    assert sink.count("compression.type") == 1
    assert "max.poll.records" not in sink
    for ddl in (source, sink):
        assert "'properties.request.timeout.ms' = '99'" in ddl
        assert "elsewhere" not in ddl
        assert "read_uncommitted" not in ddl


def test_the_resource_allows_the_options_that_the_job_takes() -> None:
    assert set(CLIENT_OPTIONS) == CONSUMER_OPTIONS | PRODUCER_OPTIONS | SHARED_OPTIONS


def test_an_option_that_the_job_does_not_take_is_named(tmp_path: Path) -> None:
    document = DOCUMENT | {"kafka": DOCUMENT["kafka"] | {"clientOptions": {"acks": "0"}}}
    file = tmp_path / "config.yaml"
    file.write_text(msgspec.json.encode(document).decode())
    with capture_logs() as lines:
        load_config(file)
    assert [line["fields"] for line in lines] == [["kafka.clientOptions.acks"]]


def test_host_names_are_verified_unless_switched_off() -> None:
    option = "ssl.endpoint.identification.algorithm"  # both clients' default is https
    verified = config(security={"protocol": "SSL"}).kafka
    assert option not in java_properties(verified) | librdkafka_properties(verified)
    kafka = config(security={"protocol": "SSL", "verifyHostNames": False}).kafka
    assert java_properties(kafka)[option] == ""
    assert librdkafka_properties(kafka)[option] == "none"


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
