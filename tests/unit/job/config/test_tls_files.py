"""TLS files that librdkafka takes and Kafka's Java client does not are refused before the start."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from dev.steps import capture
from program_user_info_job.config.load import ConfigError, load_config
from program_user_info_job.config.tls_files import UnreadableTls, check_tls_files
from tests.configuration import DOCUMENT

EC = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")


def generate(file: Path, *algorithm: str) -> None:
    """A private key in PKCS#8."""
    capture(["openssl", "genpkey", *algorithm, "-out", file])


def sign(key: Path, certificate: Path) -> None:
    """A self-signed certificate of this key."""
    request = ("openssl", "req", "-x509", "-new", "-days", "2", "-subj", "/CN=test")
    capture([*request, "-key", key, "-out", certificate])


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of keys and their certificates, made once."""
    folder = tmp_path_factory.mktemp("pairs")
    for name, algorithm in {"ec": EC, "rsa": RSA, "ed": ("-algorithm", "ED25519")}.items():
        generate(folder / f"{name}.key", *algorithm)
        sign(folder / f"{name}.key", folder / f"{name}.crt")
    return folder


@pytest.fixture
def secret(pairs: Path, tmp_path: Path) -> Path:
    """A Secret that is right."""
    for name, source in {"ca.crt": "ec.crt", "tls.crt": "ec.crt", "tls.key": "ec.key"}.items():
        shutil.copy(pairs / source, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_pkcs8_is_taken(pairs: Path, secret: Path, kind: str) -> None:
    shutil.copy(pairs / f"{kind}.key", secret / "tls.key")
    shutil.copy(pairs / f"{kind}.crt", secret / "tls.crt")
    check_tls_files(secret)


def test_without_a_certificate_of_ours_there_is_no_key_to_check(secret: Path) -> None:
    for name in ("tls.crt", "tls.key"):
        (secret / name).unlink()
    check_tls_files(secret)


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        ("rsa", ("rsa", "-traditional"), "PKCS#1"),
        ("ec", ("ec",), "SEC 1"),
        ("rsa", ("pkcs8", "-topk8", "-passout", "pass:secret"), "encrypted"),
    ],
)
def test_a_key_in_another_format_is_named_with_the_remedy(
    pairs: Path, secret: Path, source: str, options: tuple[str, ...], words: str
) -> None:
    key = secret / "tls.key"
    shutil.copy(pairs / f"{source}.crt", secret / "tls.crt")
    capture(["openssl", *options, "-in", pairs / f"{source}.key", "-out", key])
    with pytest.raises(UnreadableTls, match=f"tls.key is .*{words}.*privateKey.encoding: PKCS8"):
        check_tls_files(secret)


def test_a_key_of_an_algorithm_that_the_java_client_lacks(pairs: Path, secret: Path) -> None:
    shutil.copy(pairs / "ed.key", secret / "tls.key")
    shutil.copy(pairs / "ed.crt", secret / "tls.crt")
    with pytest.raises(UnreadableTls, match=r"Ed25519.*use RSA or ECDSA"):
        check_tls_files(secret)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("ca.crt", None, "ca.crt is not a certificate in PEM"),
        ("ca.crt", b"private", "ca.crt is not a certificate in PEM"),
        ("tls.crt", b"private", "not a certificate and its private key"),
        ("tls.key", None, "No such file"),
        ("tls.key", b"private", "holds no private key"),
        ("tls.key", b"\xff", "not text"),
        ("tls.key", b"-----BEGIN PRIVATE KEY-----\nprivate\n-----END PRIVATE KEY-----\n", "pair"),
    ],
)
def test_what_is_broken_is_named_without_its_contents(
    secret: Path, file: str, content: bytes | None, words: str
) -> None:
    if content is None:
        (secret / file).unlink()
    else:
        (secret / file).write_bytes(content)
    with pytest.raises(UnreadableTls, match=words) as caught:
        check_tls_files(secret)
    assert "private\n" not in str(caught.value)


def test_a_key_of_another_certificate(pairs: Path, secret: Path) -> None:
    shutil.copy(pairs / "rsa.key", secret / "tls.key")
    with pytest.raises(UnreadableTls, match=r"pair that belongs together"):
        check_tls_files(secret)


def test_the_job_does_not_start_with_such_a_key(pairs: Path, secret: Path) -> None:
    capture(["openssl", "ec", "-in", pairs / "ec.key", "-out", secret / "tls.key"])
    security = {"protocol": "SSL", "tlsDir": str(secret)}
    document = DOCUMENT | {"kafka": DOCUMENT["kafka"] | {"security": security}}
    file = secret / "config.yaml"
    file.write_text(msgspec.json.encode(document).decode())
    with pytest.raises(ConfigError, match=r"\[ConfigurationInvalid\] kafka\.security\.tls: "):
        load_config(file)
