"""A session with Cassandra, and why none comes about."""

from __future__ import annotations

import importlib.util
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dev.steps import capture
from program_user_info_job.config.model import Cassandra
from program_user_info_job.failure import FailureReason
from program_user_info_job.store.driver_errors import CassandraNotReady
from program_user_info_job.store.session import missing_extensions, open_session


@contextmanager
def node(folder: Path, names: str) -> Iterator[tuple[str, list[bool]]]:
    """A server with a certificate for these names; its address, and which handshakes it had."""
    request = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    files = ("-keyout", folder / "key", "-out", folder / "ca.crt")
    capture([*request, "-subj", "/CN=node", "-addext", f"subjectAltName={names}", *files])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.crt", folder / "key")
    shaken: list[bool] = []

    def serve() -> None:
        with suppress(OSError):  # until it is closed
            while True:
                connection = listener.accept()[0]
                try:
                    with context.wrap_socket(connection, server_side=True) as secured:
                        secured.recv(1)  # TLS 1.3 tells a refusal after the handshake
                        shaken.append(True)
                except OSError:
                    shaken.append(False)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", shaken
        listener.shutdown(socket.SHUT_RDWR)


def failure(contact: str, folder: Path, *, verify: bool = True) -> str:
    """Why no session comes about: the node speaks TLS, but no CQL."""
    cassandra = Cassandra(
        contact_points=[contact],
        local_datacenter="dc",
        tls_dir=str(folder),
        verify_host_names=verify,
    )
    with pytest.raises(CassandraNotReady) as caught, open_session(cassandra, 5):
        pass
    return caught.value.message


def test_a_certificate_for_another_host_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with node(tmp_path, "DNS:other.example,IP:127.0.0.2") as (contact, shaken):
        assert "cassandra.verifyHostNames" in failure(contact, tmp_path)
        assert not any(shaken)
        assert "cassandra.verifyHostNames" not in failure(contact, tmp_path, verify=False)
        assert any(shaken)


def test_a_certificate_of_another_authority_is_told_as_such(tmp_path: Path) -> None:
    with node(tmp_path, "IP:127.0.0.1") as (contact, _):
        request = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
        files = ("-keyout", tmp_path / "key", "-out", tmp_path / "ca.crt")
        capture([*request, "-subj", "/CN=other", *files])
        assert "does not complete the TLS handshake" in failure(contact, tmp_path)


def test_a_certificate_for_the_nodes_address_is_taken(tmp_path: Path) -> None:
    with node(tmp_path, "IP:127.0.0.1") as (contact, shaken):
        assert "cassandra.verifyHostNames" not in failure(contact, tmp_path)
        assert any(shaken)


def test_a_certificate_with_names_alone_is_taken_unless_names_are_to_be_verified(
    tmp_path: Path,
) -> None:
    """As for a Service in Kubernetes: the driver reaches the nodes by their pods' addresses."""
    assert not Cassandra(contact_points=["c:9042"], local_datacenter="dc").verify_host_names
    with node(tmp_path, "DNS:localhost") as (contact, shaken):
        by_name = contact.replace("127.0.0.1", "localhost")
        assert "cassandra.verifyHostNames" in failure(by_name, tmp_path)
        assert "cassandra.verifyHostNames" not in failure(by_name, tmp_path, verify=False)
        assert any(shaken)


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        ("no-such-host.invalid:9042", FailureReason.CASSANDRA_UNREACHABLE),
        ("127.0.0.1:1", FailureReason.CASSANDRA_UNREACHABLE),
    ],
)
def test_a_session_that_does_not_come_about(contact: str, reason: FailureReason) -> None:
    cassandra = Cassandra(contact_points=[contact], local_datacenter="dc")
    with pytest.raises(CassandraNotReady) as caught, open_session(cassandra, 2):
        pass
    assert caught.value.reason is reason
    assert contact in caught.value.message


def test_a_secret_without_a_file(tmp_path: Path) -> None:
    cassandra = Cassandra(
        contact_points=["127.0.0.1:1"], local_datacenter="dc", tls_dir=str(tmp_path)
    )
    with pytest.raises(CassandraNotReady) as caught, open_session(cassandra, 2):
        pass
    assert caught.value.reason is FailureReason.CONFIGURATION_INVALID


def test_whoever_runs_without_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "program_user_info_job.store._compiled" in missing_extensions()
