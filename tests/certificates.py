"""Certificates of an authority of a test's own."""

from __future__ import annotations

from pathlib import Path

from dev.steps import capture


def make_certificates(folder: Path, *names: str) -> None:
    """An authority (`ca`), a certificate for servers of these names (`server`), and a `client`'s.

    Names are as OpenSSL wants them, such as `DNS:kafka` or `IP:127.0.0.1`.
    """

    def certificate(name: str, *options: str | Path) -> None:
        files = ("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt")
        command = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
        capture([*command, "-subj", f"/CN={name}", *files, *options])

    certificate("ca")
    signed = ("-CA", folder / "ca.crt", "-CAkey", folder / "ca.key")
    certificate("server", *signed, "-addext", f"subjectAltName={','.join(names)}")
    certificate("client", *signed)
