"""The configuration file: what is read of it, and how what is wrong is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from program_user_info_job.config.load import ConfigError, load_config
from program_user_info_job.failure import FailureReason
from tests.configuration import DOCUMENT, config, write

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


def test_an_option_that_the_job_does_not_take_is_named(tmp_path: Path) -> None:
    document = DOCUMENT | {"kafka": DOCUMENT["kafka"] | {"clientOptions": {"acks": "0"}}}
    file = tmp_path / "config.yaml"
    file.write_text(msgspec.json.encode(document).decode())
    with capture_logs() as lines:
        load_config(file)
    assert [line["fields"] for line in lines] == [["kafka.clientOptions.acks"]]


@pytest.mark.parametrize(
    ("cassandra", "words"),
    [
        ({}, "cassandra.contactPoints: needed without secureConnectBundleDir"),
        ({"contactPoints": ["c:1"]}, "cassandra.localDatacenter: needed without"),
        (
            {"secureConnectBundleDir": "/b", "contactPoints": ["c:1"]},
            "cassandra.contactPoints: must be absent with secureConnectBundleDir",
        ),
        (
            {"secureConnectBundleDir": "/b", "localDatacenter": "dc"},
            "cassandra.localDatacenter: must be absent",
        ),
        ({"secureConnectBundleDir": "/b", "tlsDir": "/t"}, "cassandra.tlsDir: must be absent"),
    ],
)
def test_a_file_names_a_bundle_or_contact_points(
    tmp_path: Path, cassandra: dict[str, Any], words: str
) -> None:
    file = write(tmp_path / "config.yaml", DOCUMENT | {"cassandra": cassandra})
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert caught.value.reason is FailureReason.CONFIGURATION_INVALID
    assert words in caught.value.message


def test_a_bundle_alone_is_enough(tmp_path: Path) -> None:
    file = write(
        tmp_path / "config.yaml", DOCUMENT | {"cassandra": {"secureConnectBundleDir": "/b"}}
    )
    assert load_config(file).cassandra.servers == ["the database of the secure connect bundle"]
