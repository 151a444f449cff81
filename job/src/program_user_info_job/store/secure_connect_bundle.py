"""The secure connect bundle of a database of DataStax Astra: checked, then handed to the driver.

A bundle is a zip file with `config.json`, which names the metadata service, and with `ca.crt`,
`cert` and `key`. The driver asks the service for the nodes and for the proxy in front of them. It
connects to each node through the proxy: the name in the TLS handshake is the node's id
(`cassandra.datastax.cloud`, `SniEndPoint`).
"""

from __future__ import annotations

import json
import ssl
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from zipfile import BadZipFile, ZipFile

from cassandra import DriverException

from program_user_info_job.failure import FailureReason
from program_user_info_job.store.driver_errors import WRONG_NAME, CassandraNotReady

BUNDLE_FILE = "secure-connect-bundle.zip"
_FIELD = "cassandra.secureConnectBundle"
_DOWNLOAD = "download the bundle again, and put it into the Secret as it is"
_CONFIG, _PEM_FILES = "config.json", ("ca.crt", "cert", "key")
_BROKEN = (BadZipFile, zlib.error, EOFError, RuntimeError)
"""What the standard library raises of a file that is not a zip, or a damaged or encrypted one."""
_REFUSED = (401, 403)


@dataclass(frozen=True)
class SecureConnectBundle:
    """A bundle that can be used: where the metadata service is, and how TLS is spoken with it."""

    file: Path
    metadata_service: str
    context: ssl.SSLContext

    def cloud(self, timeout: float) -> dict[str, Any]:
        """What the driver wants to know; `timeout` in seconds is for the metadata service."""
        return {
            "secure_connect_bundle": str(self.file),
            "ssl_context": self.context,
            # The driver unpacks the bundle, and a mounted Secret cannot be written to.
            "use_default_tempdir": True,
            "connect_timeout": timeout,
        }


def read_bundle(directory: Path) -> SecureConnectBundle:
    """The bundle in the folder of a mounted Secret. Raises `CassandraNotReady`."""
    file = directory / BUNDLE_FILE
    try:
        with ZipFile(file) as archive:
            names = (_CONFIG, *_PEM_FILES)
            absent = sorted(set(names) - set(archive.namelist()))
            if absent:
                raise _unusable(f"{file} lacks {', '.join(absent)}")
            members = {name: archive.read(name) for name in names}
    except OSError as error:
        raise _unusable(f"{file}: {error.strerror or type(error).__name__}") from error
    except _BROKEN as error:
        raise _unusable(f"{file} is not a zip file that can be read") from error
    return SecureConnectBundle(file, _metadata_service(file, members[_CONFIG]), _tls(file, members))


def _metadata_service(file: Path, config: bytes) -> str:
    try:
        document = json.loads(config)
        return f"{document['host']}:{int(document['port'])}"
    except (ValueError, LookupError, TypeError) as error:
        raise _unusable(f"{_CONFIG} in {file} names no host and port") from error


def _tls(file: Path, members: Mapping[str, bytes]) -> ssl.SSLContext:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for member in _PEM_FILES:
            (folder / member).write_bytes(members[member])
        try:
            context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
            # Without a password, OpenSSL would ask a terminal for that of an encrypted key.
            context.load_cert_chain(folder / "cert", folder / "key", password="")
        except OSError as error:  # ssl.SSLError is one
            raise _unusable(
                f"ca.crt, cert and key in {file} are not certificates and a key in PEM"
                f" ({_reason(error)})"
            ) from error
    return context


@contextmanager
def metadata_explained(bundle: SecureConnectBundle) -> Iterator[None]:
    """Turn what the driver raises of the metadata service into `CassandraNotReady`."""
    try:
        yield
    except DriverException as error:
        # The driver raises one sentence for everything, while it handles the error itself.
        raise _explain(bundle.metadata_service, error.__context__) from error
    except (OSError, LookupError, TypeError, AttributeError) as error:
        # The driver takes an answer's fields for granted.
        raise _explain(bundle.metadata_service, error) from error


def _explain(service: str, cause: BaseException | None) -> CassandraNotReady:
    reason = FailureReason.CASSANDRA_UNREACHABLE
    match cause:
        case HTTPError():
            cause.close()  # An HTTPError is the answer itself; the driver leaves it open.
            if cause.code in _REFUSED:
                reason = FailureReason.CASSANDRA_REFUSED
            said = f"answers with status {cause.code}; check that the database is active, and"
            said = f"{said} {_DOWNLOAD}"
        case URLError(reason=ssl.SSLError() as refused) | (ssl.SSLError() as refused):
            said = _tls_problem(refused)
        case URLError() | OSError():
            kind = type(getattr(cause, "reason", None) or cause).__name__
            said = (
                f"gives no answer ({kind}); check that the database is active, and that the"
                " network policy allows its host and port"
            )
        case _:
            said = f"does not answer with the nodes of a database; {_DOWNLOAD}"
    return CassandraNotReady(reason, f"{_FIELD}: the metadata service at {service} {said}")


def _tls_problem(error: ssl.SSLError) -> str:
    if WRONG_NAME in str(error):
        return (
            "has a certificate that lacks this host name; set cassandra.verifyHostNames to false,"
            f" or {_DOWNLOAD}"
        )
    return f"does not complete the TLS handshake ({_reason(error)}); {_DOWNLOAD}"


def _reason(error: OSError) -> str:
    """OpenSSL's, in words; without any of a file's contents."""
    reason: str | None = getattr(error, "reason", None)
    return reason.lower().replace("_", " ") if reason else type(error).__name__


def _unusable(problem: str) -> CassandraNotReady:
    return CassandraNotReady(
        FailureReason.CONFIGURATION_INVALID, f"{_FIELD}: {problem}; {_DOWNLOAD}"
    )
