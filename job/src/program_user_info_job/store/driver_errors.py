"""What the Cassandra driver raises, as one failure each that a person can act on."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

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
_WRONG_NAME = "mismatch, certificate is not valid for"
_SERVERS_WORDS = re.compile(r'message="(.*)"', re.DOTALL)


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
    contacts = ", ".join(cassandra.contact_points)
    match error:
        case UnresolvableContactPoints():
            return CassandraNotReady(
                FailureReason.CASSANDRA_UNREACHABLE,
                f"cassandra.contactPoints: no address is known for {contacts}; correct the host"
                " name, or check the cluster's DNS",
            )
        case NoHostAvailable():
            return _no_host(contacts, error)
        case Unauthorized():
            return CassandraNotReady(
                FailureReason.CASSANDRA_PERMISSION_MISSING,
                f"cassandra.credentials: {_words(error)}; grant it, or name a role that has it",
            )
        case AuthenticationFailed():
            return _refused(contacts)
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
                "cassandra.credentials, cassandra.tls: a file of the Secret cannot be used"
                f" ({_file_problem(error)}); correct the Secret",
            )
        case _:
            return CassandraNotReady(
                FailureReason.CASSANDRA_UNREACHABLE,
                f"cassandra.contactPoints: {contacts} does not answer in time"
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


def _no_host(contacts: str, error: NoHostAvailable) -> CassandraNotReady:
    # The driver's own kinds of it hold a dict or, of a data centre without a node, a list.
    errors = error.errors.values() if isinstance(error.errors, dict) else []
    kinds = sorted({type(each).__name__ for each in errors})
    if AuthenticationFailed.__name__ in kinds:
        return _refused(contacts)
    if any(_WRONG_NAME in str(each) for each in errors):
        return CassandraNotReady(
            FailureReason.CASSANDRA_UNREACHABLE,
            f"cassandra.tls: the certificate of a node at {contacts} lacks the address that the"
            " node is reached at; add the addresses that the nodes announce, or set"
            " cassandra.verifyHostNames to false",
        )
    if any(isinstance(each, ssl.SSLError) or _TLS in str(each) for each in errors):
        return CassandraNotReady(
            FailureReason.CASSANDRA_UNREACHABLE,
            f"cassandra.tls: {contacts} does not complete the TLS handshake ({', '.join(kinds)});"
            " check ca.crt and, if the server asks for them, tls.crt and tls.key",
        )
    return CassandraNotReady(
        FailureReason.CASSANDRA_UNREACHABLE,
        f"cassandra.contactPoints: no node answers at {contacts} ({', '.join(kinds) or 'none'});"
        " check the address, cassandra.localDatacenter and the network policy",
    )


def _refused(contacts: str) -> CassandraNotReady:
    return CassandraNotReady(
        FailureReason.CASSANDRA_REFUSED,
        f"cassandra.credentials: {contacts} refuses them; correct the Secret",
    )


def _words(error: Exception | None) -> str:
    """What the server said, without the driver's frame around it."""
    found = _SERVERS_WORDS.search(str(error))
    return found[1] if found else type(error).__name__


def _file_problem(error: OSError) -> str:
    return f"{error.filename or 'certificate or key'}: {error.strerror or type(error).__name__}"
