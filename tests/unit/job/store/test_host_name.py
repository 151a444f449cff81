"""Whether a certificate is for a host (RFC 6125)."""

from __future__ import annotations

import ssl

import pytest

from program_user_info_job.store.host_name import verify_name


@pytest.mark.parametrize(
    ("names", "host", "fits"),
    [
        ((("DNS", "db.example"),), "DB.example", True),
        ((("DNS", "*.db.example"),), "a.db.example", True),
        ((("DNS", "*.db.example"),), "a.b.db.example", False),
        ((("DNS", "*.db.example"),), "db.example", False),
        ((("DNS", "other.example"), ("DNS", "db.example")), "db.example", True),
        ((("IP Address", "10.0.0.1"),), "10.0.0.1", True),
        ((("DNS", "10.0.0.1"),), "10.0.0.2", False),
        ((("URI", "db.example"),), "db.example", False),
        ((), "db.example", False),
    ],
)
def test_a_name_fits_a_certificate(
    names: tuple[tuple[str, str], ...], host: str, fits: bool
) -> None:
    certificate = {"subjectAltName": names}
    if fits:
        verify_name(certificate, host)
        return
    with pytest.raises(ssl.SSLCertVerificationError):
        verify_name(certificate, host)
