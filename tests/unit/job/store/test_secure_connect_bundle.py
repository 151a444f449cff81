"""The bundle of a database of DataStax Astra: what is wrong with it, or with what it leads to."""

from __future__ import annotations

import gc
import json
import logging
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.cluster.forward import free_port
from dev.steps import capture
from program_user_info_job.config.model import Cassandra
from program_user_info_job.failure import FailureReason
from program_user_info_job.logs import configure_logging
from program_user_info_job.store.driver_errors import CassandraNotReady
from program_user_info_job.store.secure_connect_bundle import (
    BUNDLE_FILE,
    read_bundle,
)
from program_user_info_job.store.session import open_session
from tests.astra import BUNDLE_FILE as THEIRS
from tests.astra import Astra
from tests.certificates import make_certificates

HOST_ID = "b4aae43a-2f12-4a83-9a3c-9b7a4b1f1f10"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder, "DNS:localhost")
    return folder


@pytest.fixture
def database(certificates: Path) -> Iterator[Astra]:
    """Known as localhost. No node is behind the proxy."""
    database = Astra(certificates, "localhost", HOST_ID, ("127.0.0.1", 1))
    with database.running():
        yield database
    # A connection that was left open is said of the test that left it, not of a later one.
    gc.collect()


def failure(folder: Path, *, verify: bool = False) -> CassandraNotReady:
    cassandra = Cassandra(secure_connect_bundle_dir=str(folder), verify_host_names=verify)
    with pytest.raises(CassandraNotReady) as caught, open_session(cassandra, 3):
        pass
    assert caught.value.message.startswith("cassandra.secureConnectBundle: ")
    assert "\n" not in caught.value.message
    return caught.value


def test_the_file_has_the_name_that_the_controller_asks_for() -> None:
    assert BUNDLE_FILE == THEIRS


def test_a_bundle_names_the_metadata_service(database: Astra, tmp_path: Path) -> None:
    bundle = read_bundle(database.write_bundle(tmp_path))
    assert bundle.metadata_service == f"localhost:{database.metadata_port}"
    assert bundle.context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"config_json": None}, "lacks config.json;"),
        ({"cert": None, "key": None}, "lacks cert, key;"),
        ({"config_json": b"host"}, "names no host and port"),
        ({"config_json": b"[]"}, "names no host and port"),
        ({"config_json": b'{"host": "h"}'}, "names no host and port"),
        ({"config_json": b'{"host": "h", "port": "p"}'}, "names no host and port"),
        ({"ca_crt": b"none"}, "are not certificates and a key in PEM"),
        ({"key": b"none"}, "are not certificates and a key in PEM"),
    ],
)
def test_what_a_bundle_lacks_is_said_before_anybody_is_asked(
    database: Astra, tmp_path: Path, files: dict[str, Any], words: str
) -> None:
    said = failure(database.write_bundle(tmp_path, **files))
    assert said.reason is FailureReason.CONFIGURATION_INVALID
    assert words in said.message


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(
    database: Astra, certificates: Path, tmp_path: Path
) -> None:
    encrypted = tmp_path / "key"
    command = ("openssl", "pkcs8", "-topk8", "-passout", "pass:word", "-out", encrypted)
    capture([*command, "-in", certificates / "client.key"])
    said = failure(database.write_bundle(tmp_path, key=encrypted.read_bytes()))
    assert said.reason is FailureReason.CONFIGURATION_INVALID


@pytest.mark.parametrize("content", [None, b"", b"UEsDBBQ="])
def test_a_file_that_is_no_bundle(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / BUNDLE_FILE).write_bytes(content)
    said = failure(tmp_path)
    assert said.reason is FailureReason.CONFIGURATION_INVALID
    assert str(tmp_path / BUNDLE_FILE) in said.message


def test_a_damaged_bundle(database: Astra, tmp_path: Path) -> None:
    file = database.write_bundle(tmp_path) / BUNDLE_FILE
    content = bytearray(file.read_bytes())
    content[60:200] = bytes(140)
    file.write_bytes(content)
    assert "is not a zip file that can be read" in failure(tmp_path).message


def test_the_node_is_asked_for_by_its_id_through_the_proxy(database: Astra, tmp_path: Path) -> None:
    said = failure(database.write_bundle(tmp_path))
    assert said.reason is FailureReason.CASSANDRA_UNREACHABLE
    assert "no node answers" in said.message
    assert set(database.asked) == {HOST_ID}


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        ((403, ""), FailureReason.CASSANDRA_REFUSED, "answers with status 403"),
        ((503, ""), FailureReason.CASSANDRA_UNREACHABLE, "answers with status 503"),
        ((200, "<html>"), FailureReason.CASSANDRA_UNREACHABLE, "does not answer with the nodes"),
        ((200, "[]"), FailureReason.CASSANDRA_UNREACHABLE, "does not answer with the nodes"),
        (
            (200, json.dumps({"contact_info": {"local_dc": "a", "sni_proxy_address": None}})),
            FailureReason.CASSANDRA_UNREACHABLE,
            "does not answer with the nodes",
        ),
    ],
)
def test_a_metadata_service_that_refuses(
    database: Astra, tmp_path: Path, answer: tuple[int, str], reason: FailureReason, words: str
) -> None:
    database.answer = answer
    said = failure(database.write_bundle(tmp_path))
    assert said.reason is reason
    assert f"the metadata service at localhost:{database.metadata_port} {words}" in said.message


@pytest.mark.parametrize(
    ("host", "kind"),
    [("localhost", "(ConnectionRefusedError)"), ("no-such-host.invalid", "(gaierror)")],
)
def test_a_metadata_service_that_cannot_be_reached(
    database: Astra, tmp_path: Path, host: str, kind: str
) -> None:
    config = json.dumps({"host": host, "port": free_port()}).encode()
    said = failure(database.write_bundle(tmp_path, config_json=config))
    assert said.reason is FailureReason.CASSANDRA_UNREACHABLE
    assert f"gives no answer {kind}" in said.message
    assert "network policy" in said.message


def test_a_bundle_of_another_authority(database: Astra, tmp_path: Path) -> None:
    """As after the certificates of a database were replaced: each side refuses the other's."""
    make_certificates(tmp_path, "DNS:localhost")
    authority, cert, key = (
        (tmp_path / name).read_bytes() for name in ("ca.crt", "client.crt", "client.key")
    )
    said = failure(database.write_bundle(tmp_path / "secret", ca_crt=authority)).message
    assert "does not complete the TLS handshake (certificate verify failed)" in said
    assert "download the bundle again" in said
    said = failure(database.write_bundle(tmp_path / "secret", cert=cert, key=key)).message
    assert "does not complete the TLS handshake (tlsv1 alert unknown ca)" in said


def test_host_names_are_verified_where_that_is_asked_for(
    certificates: Path, tmp_path: Path
) -> None:
    """That of the metadata service first, then that of the proxy; never that of a node."""
    other = Astra(certificates, "127.0.0.1", HOST_ID, ("127.0.0.1", 1))
    with other.running():
        folder = other.write_bundle(tmp_path)
        assert "a certificate that lacks this host name" in failure(folder, verify=True).message
        assert "no node answers" in failure(folder).message
        assert other.asked
        config = json.dumps({"host": "localhost", "port": other.metadata_port}).encode()
        folder = other.write_bundle(tmp_path, config_json=config)
        said = failure(folder, verify=True).message
        assert "the certificate of the proxy" in said
        assert "cassandra.verifyHostNames" in said


def test_names_that_fit_let_the_connection_come_about(database: Astra, tmp_path: Path) -> None:
    said = failure(database.write_bundle(tmp_path), verify=True)
    assert "no node answers" in said.message


def test_the_driver_logs_no_stack_trace_of_it(
    database: Astra, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    database.answer = (503, "")
    handlers = logging.getLogger().handlers[:]
    try:
        configure_logging()
        failure(database.write_bundle(tmp_path))
    finally:
        logging.getLogger().handlers[:] = handlers
    assert "Traceback" not in capfd.readouterr().err


def test_no_key_is_left_on_the_disk(
    database: Astra, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(unpacked))
    failure(database.write_bundle(tmp_path / "secret"))
    assert list(unpacked.iterdir()) == []
    assert [file.name for file in (tmp_path / "secret").iterdir()] == [BUNDLE_FILE]
