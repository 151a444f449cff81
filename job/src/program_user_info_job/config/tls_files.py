"""Whether Kafka's Java client, which runs inside Flink, can read the files of a TLS Secret.

It reads less than OpenSSL does: of private keys only PKCS#8 without a passphrase, of RSA, DSA or EC
(`DefaultSslEngineFactory.PemStore`). librdkafka would take the others, and Flink fail with them.
"""

from __future__ import annotations

import base64
import binascii
import re
import ssl
from pathlib import Path

_FIELD = "kafka.security.tls"
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:([A-Z0-9 ]+) )?PRIVATE KEY-----([^-]*)")
_OTHER_FORMATS = {
    "RSA": "in the format PKCS#1",
    "EC": "in the format SEC 1",
    "DSA": "in OpenSSL's old format",
    "OPENSSH": "in OpenSSH's format",
    "ENCRYPTED": "encrypted",
}
# As DER: OpenSSL's algorithms X25519 to Ed448, 1.3.101.110 to 113 (RFC 8410).
_EDWARDS = re.compile(rb"\x06\x03\x2b\x65[\x6e-\x71]")
_ALGORITHM_BYTES = 24
"""The algorithm is within this many bytes of the start (RFC 5208)."""


class UnreadableTls(ValueError):
    """Why the client cannot use the files; the message names the file and what to write there."""


def check_tls_files(directory: Path) -> None:
    """Check `ca.crt` and, for mutual TLS, `tls.crt` and `tls.key`. Raises `UnreadableTls`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority = directory / "ca.crt"
    try:
        context.load_verify_locations(authority)
    except OSError as error:  # ssl.SSLError is one
        raise UnreadableTls(
            f"{_FIELD}: {authority} is not a certificate in PEM ({_reason(error)}); put the"
            " authority's certificate into the Secret as ca.crt"
        ) from error
    certificate, key = directory / "tls.crt", directory / "tls.key"
    if not certificate.exists():
        return
    try:
        _check_key(key, key.read_text(encoding="ascii"))
        context.load_cert_chain(certificate, key)
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableTls(
            f"{_FIELD}: {certificate} and {key} are not a certificate and its private key in PEM"
            f" ({_reason(error)}); put a pair that belongs together into the Secret"
        ) from error


def _check_key(file: Path, text: str) -> None:
    found = _PRIVATE_KEY.search(text)
    if found is None:
        raise UnreadableTls(f"{_FIELD}: {file} holds no private key in PEM; write it as PKCS#8")
    kind = found[1]
    if kind is not None:
        raise UnreadableTls(
            f"{_FIELD}: {file} is {_OTHER_FORMATS.get(kind, 'in another format')}, which Kafka's"
            " Java client cannot read; write it as PKCS#8 without a passphrase (cert-manager:"
            " privateKey.encoding: PKCS8; else: openssl pkcs8 -topk8 -nocrypt -in tls.key)"
        )
    try:
        der = base64.b64decode("".join(found[2].split()), validate=True)
    except binascii.Error:
        return  # OpenSSL names the trouble
    if _EDWARDS.search(der[:_ALGORITHM_BYTES]):
        raise UnreadableTls(
            f"{_FIELD}: {file} is an Ed25519 key or one like it, which Kafka's Java client cannot"
            " read; use RSA or ECDSA"
        )


def _reason(error: Exception) -> str:
    """Without any of the file's contents."""
    if isinstance(error, ssl.SSLError):
        return str(error.reason or "unreadable").lower().replace("_", " ")
    return getattr(error, "strerror", None) or "not text"
