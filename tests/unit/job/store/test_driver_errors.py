"""Each error of the Cassandra driver as a failure that names the field and the fix."""

from __future__ import annotations

import ssl

import msgspec
import pytest
from cassandra import (
    AuthenticationFailed,
    InvalidRequest,
    OperationTimedOut,
    ReadTimeout,
    Unauthorized,
    UnresolvableContactPoints,
)
from cassandra.cluster import NoHostAvailable

from program_user_info_job.config.model import Cassandra
from program_user_info_job.failure import FailureReason
from program_user_info_job.store.driver_errors import explain, explained

CASSANDRA = Cassandra(contact_points=["c:9042"], local_datacenter="dc")
FRAME = 'Error from server: code=2100 [Unauthorized] message="{}"'
NO_RIGHT = "User job has no CREATE permission on <all keyspaces> or any of its parents"


def no_host(error: Exception) -> NoHostAvailable:
    return NoHostAvailable("Unable to connect to any servers", {"10.0.0.1:9042": error})


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        (UnresolvableContactPoints({}), "CassandraUnreachable", "no address is known for c:9042"),
        (no_host(ConnectionRefusedError()), "CassandraUnreachable", "(ConnectionRefusedError)"),
        (no_host(ssl.SSLCertVerificationError()), "CassandraUnreachable", "check ca.crt"),
        (no_host(AuthenticationFailed()), "CassandraAuthenticationRefused", "name a Secret"),
        (NoHostAvailable("no hosts in dc", []), "CassandraUnreachable", "localDatacenter"),
        (Unauthorized(FRAME.format(NO_RIGHT)), "CassandraPermissionMissing", NO_RIGHT),
        (InvalidRequest(FRAME.format("bad dc")), "SchemaRefused", "(bad dc)"),
        (OperationTimedOut(), "CassandraUnreachable", "LOCAL_QUORUM"),
        (ReadTimeout("late"), "CassandraUnreachable", "(ReadTimeout)"),
        (FileNotFoundError(2, "No such file", "/s/ca.crt"), "ConfigurationInvalid", "/s/ca.crt"),
    ],
)
def test_each_error_has_a_reason_and_a_remedy(error: Exception, reason: str, words: str) -> None:
    failure = explain(CASSANDRA, error)
    assert failure.reason == reason
    assert words in failure.message
    assert failure.message.startswith("cassandra.")
    assert "{}" not in failure.message


def test_a_password_that_is_refused_is_to_be_corrected() -> None:
    cassandra = msgspec.structs.replace(CASSANDRA, credentials_dir="/secret")
    failure = explain(cassandra, no_host(AuthenticationFailed()))
    assert failure.reason is FailureReason.CASSANDRA_REFUSED
    assert failure.message == "cassandra.credentials: c:9042 refuses them; correct the Secret"


def test_our_own_mistakes_are_not_explained_away() -> None:
    with pytest.raises(KeyError), explained(CASSANDRA):
        raise KeyError


def test_a_file_is_the_secrets_only_while_the_session_is_opened() -> None:
    cassandra = Cassandra(contact_points=["c:9042"], local_datacenter="dc")
    with pytest.raises(FileNotFoundError), explained(cassandra):
        raise FileNotFoundError
