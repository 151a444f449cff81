"""What the Cassandra driver raises, as one failure each that a person can act on."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from cassandra import (
    AuthenticationFailed,
    DriverException,
    RequestValidationException,
    Unauthorized,
    UnresolvableContactPoints,
)
from cassandra.cluster import NoHostAvailable

from program_user_info_job.config.model import Cassandra
from program_user_info_job.failure import FailureReason, JobFailure

_CODE = re.compile(r"code=(\d+) \[([^\]]+)\]")
# The driver raises an OSError of another kind in place of an `ssl.SSLError`, whose text it keeps
# (`Connection._connect_socket`).
_TLS = "[SSL: "
WRONG_NAME = "mismatch, certificate is not valid for"
"""OpenSSL's words of a certificate that is another host's."""
_SERVERS_WORDS = re.compile(r'message="(.*)"', re.DOTALL)


class _Way(NamedTuple):
    """A way to reach the servers: the fields of it, and what a person does about each problem."""

    place: str
    tls: str
    wrong_name: str
    no_handshake: str
    no_answer: str


_CONTACT_POINTS = _Way(
    "cassandra.contactPoints",
    "cassandra.tls",
    "a node at {} lacks the address that the node is reached at; add the addresses that the nodes"
    " announce, or set cassandra.verifyHostNames to false",
    "check ca.crt and, if the server asks for them, tls.crt and tls.key",
    "the address, cassandra.localDatacenter",
)
_BUNDLE = _Way(
    "cassandra.secureConnectBundle",
    "cassandra.secureConnectBundle",
    "the proxy of {} lacks the proxy's host name; set cassandra.verifyHostNames to false",
    "download the bundle again, and put it into the Secret as it is",
    "that the database is active",
)


class CassandraNotReady(JobFailure):
    """Cassandra cannot be used as configured; the message names the field and what to do."""


@contextmanager
def explained(cassandra: Cassandra) -> Iterator[None]:
    """Turn what the driver raises into `CassandraNotReady`.

    For the connection and for statements without values only: a server's words may quote a value.
    """
    try:
        yield
    except (DriverException, NoHostAvailable) as error:
        raise explain(cassandra, error) from error


@contextmanager
def opening_explained(cassandra: Cassandra) -> Iterator[None]:
    """The same while a session is opened: then the files that are read are those of Secrets."""
    try:
        with explained(cassandra):
            yield
    except OSError as error:
        raise explain(cassandra, error) from error


def explain(cassandra: Cassandra, error: Exception) -> CassandraNotReady:
    """The failure that stands for an error of the driver, or of a file that it reads."""
    contacts = ", ".join(cassandra.servers)
    match error:
        case UnresolvableContactPoints():
            return CassandraNotReady(
                FailureReason.CASSANDRA_UNREACHABLE,
                f"cassandra.contactPoints: no address is known for {contacts}; correct the host"
                " name, or check the cluster's DNS",
            )
        case NoHostAvailable():
            return _no_host(cassandra, error)
        case Unauthorized():
            return CassandraNotReady(
                FailureReason.CASSANDRA_PERMISSION_MISSING,
                f"cassandra.credentials: {_words(error)}; grant it, or name a role that has it",
            )
        case AuthenticationFailed():
            return _refused(cassandra)
        case RequestValidationException():
            return CassandraNotReady(
                FailureReason.SCHEMA_REFUSED,
                f"cassandra.schema: Cassandra refuses the keyspace or the table ({_words(error)});"
                " correct cassandra.schema.replication, or create both and set"
                " cassandra.schema.manage to false",
            )
        case OSError():
            return CassandraNotReady(
                FailureReason.CONFIGURATION_INVALID,
                f"cassandra.credentials, {_way(cassandra).tls}: a file of the Secret cannot be"
                f" used ({_file_problem(error)}); correct the Secret",
            )
        case _:
            return CassandraNotReady(
                FailureReason.CASSANDRA_UNREACHABLE,
                f"{_way(cassandra).place}: {contacts} does not answer in time"
                f" ({type(error).__name__}); check that enough nodes are up for"
                f" cassandra.consistencyLevel {cassandra.consistency_level}",
            )


def explain_misfit(cassandra: Cassandra, error: RequestValidationException) -> CassandraNotReady:
    """The failure of a table that our statements cannot be prepared for."""
    return CassandraNotReady(
        FailureReason.SCHEMA_MISMATCH,
        f"{cassandra.keyspace}.{cassandra.table} does not fit layout {cassandra.layout} any more"
        f" ({_words(error)}); alter the table, or name another cassandra.table",
    )


def explain_refusal(cassandra: Cassandra, error: Exception | None) -> CassandraNotReady:
    """The failure of a server that refuses every row; for an error of a row without values."""
    return CassandraNotReady(
        FailureReason.CASSANDRA_REFUSES_WRITES,
        f"{cassandra.keyspace}.{cassandra.table} takes no row: {_words(error)}; correct"
        " cassandra.ttl, cassandra.consistencyLevel or the server's guardrails",
    )


def refusal_code(error: Exception | None) -> str:
    """The server's kind of an error and its code, for a refused row: its words hold values."""
    found = _CODE.search(str(error))
    return f"{found[2]}, code {found[1]}" if found else type(error).__name__


def _no_host(cassandra: Cassandra, error: NoHostAvailable) -> CassandraNotReady:
    # The driver's own kinds of it hold a dict or, of a data centre without a node, a list.
    errors = error.errors.values() if isinstance(error.errors, dict) else []
    kinds = sorted({type(each).__name__ for each in errors})
    if AuthenticationFailed.__name__ in kinds:
        return _refused(cassandra)
    contacts, way = ", ".join(cassandra.servers), _way(cassandra)
    if any(WRONG_NAME in str(each) for each in errors):
        problem = f"{way.tls}: the certificate of {way.wrong_name.format(contacts)}"
    elif any(isinstance(each, ssl.SSLError) or _TLS in str(each) for each in errors):
        problem = (
            f"{way.tls}: {contacts} does not complete the TLS handshake ({', '.join(kinds)});"
            f" {way.no_handshake}"
        )
    else:
        problem = (
            f"{way.place}: no node answers at {contacts} ({', '.join(kinds) or 'none'}); check"
            f" {way.no_answer} and the network policy"
        )
    return CassandraNotReady(FailureReason.CASSANDRA_UNREACHABLE, problem)


def _refused(cassandra: Cassandra) -> CassandraNotReady:
    contacts = ", ".join(cassandra.servers)
    said = (
        f"{contacts} asks for a user and a password; name a Secret that holds them"
        if cassandra.credentials_dir is None
        else f"{contacts} refuses them; correct the Secret"
    )
    return CassandraNotReady(FailureReason.CASSANDRA_REFUSED, f"cassandra.credentials: {said}")


def _way(cassandra: Cassandra) -> _Way:
    return _CONTACT_POINTS if cassandra.secure_connect_bundle_dir is None else _BUNDLE


def _words(error: Exception | None) -> str:
    """What the server said, without the driver's frame around it."""
    found = _SERVERS_WORDS.search(str(error))
    return found[1] if found else type(error).__name__


def _file_problem(error: OSError) -> str:
    return f"{error.filename or 'certificate or key'}: {error.strerror or type(error).__name__}"
