"""One certificate authority, the components' certificates and their kubeconfigs, by openssl."""

from __future__ import annotations

from pathlib import Path

import yaml

from dev.cluster.addresses import API_PORT, NODE_IP, NODE_NAME, SERVICE_IP
from dev.paths import STATE
from dev.steps import capture

PKI = STATE / "pki"
CONFIG = STATE / "config"
_DAYS = "3650"
_CLIENTS = {
    "admin": "/O=system:masters/CN=admin",
    "controller-manager": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
    "proxy": "/CN=system:kube-proxy",
    "node": f"/O=system:nodes/CN=system:node:{NODE_NAME}",
}
_API_NAMES = (
    "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,"
    f"IP:127.0.0.1,IP:{SERVICE_IP},IP:{NODE_IP}"
)


def make_certificates() -> None:
    """Create authority, certificates and kubeconfigs once; they live as long as the state."""
    if (CONFIG / "done").exists():
        return
    PKI.mkdir(parents=True, exist_ok=True)
    CONFIG.mkdir(parents=True, exist_ok=True)
    PKI.chmod(0o700)
    _openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", _DAYS, "-subj", "/CN=ca"),
        *("-keyout", PKI / "ca.key", "-out", PKI / "ca.crt"),
    )
    _openssl("genrsa", "-out", PKI / "sa.key", "2048")
    _openssl("rsa", "-in", PKI / "sa.key", "-pubout", "-out", PKI / "sa.pub")
    _sign("api", "/CN=kube-apiserver", _API_NAMES)
    for name, subject in _CLIENTS.items():
        _sign(name, subject)
        _kubeconfig(name)
    (CONFIG / "done").touch()


def _sign(name: str, subject: str, names: str | None = None) -> None:
    request = PKI / f"{name}.csr"
    _openssl(
        *("req", "-newkey", "rsa:2048", "-nodes", "-subj", subject),
        *("-keyout", PKI / f"{name}.key", "-out", request),
    )
    extension: tuple[str | Path, ...] = ()
    if names:
        file = PKI / f"{name}.ext"
        file.write_text(f"subjectAltName={names}\n", encoding="ascii")
        extension = ("-extfile", file)
    _openssl(
        *("x509", "-req", "-in", request, "-CA", PKI / "ca.crt", "-CAkey", PKI / "ca.key"),
        *("-CAcreateserial", "-days", _DAYS, "-out", PKI / f"{name}.crt", *extension),
    )


def _kubeconfig(name: str) -> None:
    server = f"https://{NODE_IP}:{API_PORT}"
    authority = str(PKI / "ca.crt")
    user = {
        "client-certificate": str(PKI / f"{name}.crt"),
        "client-key": str(PKI / f"{name}.key"),
    }
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "dev", "cluster": {"server": server, "certificate-authority": authority}}
        ],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": "dev", "context": {"cluster": "dev", "user": name}}],
        "current-context": "dev",
    }
    path = CONFIG / f"{name}.conf"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    path.chmod(0o600)


def _openssl(*arguments: str | Path) -> None:
    capture(["openssl", *arguments])
