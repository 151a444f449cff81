"""Whether a certificate is for a host that it was not asked for in the handshake (RFC 6125)."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from program_user_info_job.store.driver_errors import WRONG_NAME


def verify_name(certificate: Mapping[str, Any] | None, host: str) -> None:
    """Compare its alternative names, as `SSLSocket.getpeercert` has them, with the host.

    Raises `ssl.SSLCertVerificationError`, with the words of OpenSSL.
    """
    names = (certificate or {}).get("subjectAltName", ())
    if not any(
        _matches(name, host, has_wildcards=kind == "DNS")
        for kind, name in names
        if kind in ("DNS", "IP Address")
    ):
        raise ssl.SSLCertVerificationError(1, f"Hostname {WRONG_NAME} {host!r}")


def _matches(name: str, host: str, *, has_wildcards: bool) -> bool:
    """Without case; `*.` stands for one first label."""
    name, host = name.lower(), host.lower()
    if has_wildcards and name.startswith("*."):
        _, dot, domain = host.partition(".")
        return bool(dot) and domain == name.removeprefix("*.")
    return name == host
