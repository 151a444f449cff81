"""A session with Cassandra, as the configuration wants it."""

from __future__ import annotations

import importlib.util
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cassandra import ConsistencyLevel
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import (
    EXEC_PROFILE_DEFAULT,
    Cluster,
    ExecutionProfile,
    Session,
)
from cassandra.policies import (
    DCAwareRoundRobinPolicy,
    ExponentialReconnectionPolicy,
    FallthroughRetryPolicy,
    TokenAwarePolicy,
)

from program_user_info_job.config.model import Cassandra
from program_user_info_job.store.driver_errors import opening_explained
from program_user_info_job.store.encoded_batch import EncodedBatches
from program_user_info_job.store.host_name import verify_name
from program_user_info_job.store.secure_connect_bundle import (
    SecureConnectBundle,
    metadata_explained,
    read_bundle,
)

_PROTOCOL_VERSION = 4
"""The first with unset values; every server from 2.2 on speaks it."""

_EXTENSIONS = (
    # The driver's: token hashing, the event loop, and the decoding of rows.
    *("cassandra.cmurmur3", "cassandra.io.libevwrapper", "cassandra.row_parser"),
    "program_user_info_job.store._compiled",
)


class _Connection(Cluster.connection_class):  # type: ignore[misc]  # the driver is untyped
    """Sends a batch in one piece; the driver's 4 KiB pieces cost a call and a GIL wait each."""

    out_buffer_size = 1 << 20


class _VerifiedConnection(_Connection):
    """Refuses a proxy without its host name: the name in the handshake is that of a node."""

    _check_hostname = True

    def _validate_hostname(self) -> None:
        """The driver's hook for it, after the handshake. Raises `ssl.SSLCertVerificationError`."""
        verify_name(self._socket.getpeercert(), self.endpoint.address)


@contextmanager
def open_session(cassandra: Cassandra, request_timeout: float) -> Iterator[Session]:
    """A connected session, shut down on exit; `request_timeout` in seconds.

    The driver retries nothing itself: the write stage owns retries, so that their bound is one.
    Raises `CassandraNotReady` where no session comes about.
    """
    with opening_explained(cassandra):
        cluster = _cluster(cassandra, request_timeout)
    try:
        with opening_explained(cassandra):
            session = cluster.connect()
        session.client_protocol_handler = EncodedBatches
        yield session
    finally:
        cluster.shutdown()


def _cluster(cassandra: Cassandra, request_timeout: float) -> Cluster:
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(
            # Without a data centre, that of the nodes which the bundle's metadata service names.
            DCAwareRoundRobinPolicy(cassandra.local_datacenter or ""),
            shuffle_replicas=True,
        ),
        consistency_level=ConsistencyLevel.name_to_value[cassandra.consistency_level],
        request_timeout=request_timeout,
        retry_policy=FallthroughRetryPolicy(),
    )
    options = {
        "auth_provider": _credentials(cassandra),
        "execution_profiles": {EXEC_PROFILE_DEFAULT: profile},
        "protocol_version": _PROTOCOL_VERSION,
        "reconnection_policy": ExponentialReconnectionPolicy(0.5, 15.0, max_attempts=None),
        "connect_timeout": request_timeout,
        "compression": False,
        "connection_class": _Connection,
    }
    if cassandra.secure_connect_bundle_dir is not None:
        bundle = read_bundle(Path(cassandra.secure_connect_bundle_dir))
        return _through_proxy(bundle, options, verify=cassandra.verify_host_names)
    endpoints = [_endpoint(contact) for contact in cassandra.contact_points or ()]
    return Cluster(endpoints, port=endpoints[0][1], ssl_context=_tls(cassandra), **options)


def _through_proxy(
    bundle: SecureConnectBundle, options: dict[str, Any], *, verify: bool
) -> Cluster:
    bundle.context.check_hostname = verify
    if verify:
        options = options | {"connection_class": _VerifiedConnection}
    with metadata_explained(bundle):
        cluster = Cluster(cloud=bundle.cloud(options["connect_timeout"]), **options)
    # The same context serves the nodes, in whose handshakes the name is not that of a host.
    bundle.context.check_hostname = False
    return cluster


def missing_extensions() -> list[str]:
    """Compiled parts that are not there: without them the job works, and is slow."""
    return [name for name in _EXTENSIONS if importlib.util.find_spec(name) is None]


def _endpoint(contact: str) -> tuple[str, int]:
    host, _, port = contact.rpartition(":")
    return host, int(port)


def _credentials(cassandra: Cassandra) -> PlainTextAuthProvider | None:
    if cassandra.credentials_dir is None:
        return None
    username, password = (
        (Path(cassandra.credentials_dir) / name).read_text(encoding="utf-8").strip()
        for name in ("username", "password")
    )
    return PlainTextAuthProvider(username, password)


def _tls(cassandra: Cassandra) -> ssl.SSLContext | None:
    if cassandra.tls_dir is None:
        return None
    directory = Path(cassandra.tls_dir)
    context = ssl.create_default_context(cafile=str(directory / "ca.crt"))
    # The driver resolves contact points, and compares the IP address that it connects to
    # (`Cluster.__init__`, `Connection._wrap_socket_from_context`). Few certificates hold one.
    context.check_hostname = cassandra.verify_host_names
    if (directory / "tls.crt").exists():
        context.load_cert_chain(directory / "tls.crt", directory / "tls.key")
    return context
