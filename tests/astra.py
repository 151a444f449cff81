"""A stand-in for DataStax Astra: its metadata service, and the proxy in front of the nodes.

Both ask for the client's certificate. The proxy chooses the node by the name in the TLS handshake,
and ends TLS itself, where Astra's passes it to the node; a client cannot tell the two apart.
It needs nothing but Python, so that a pod can run it: see `main`.
"""

from __future__ import annotations

import json
import socket
import socketserver
import ssl
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from select import select
from typing import Any

BUNDLE_FILE = "secure-connect-bundle.zip"
DATA_CENTRE = "datacenter1"


class Astra:
    """One database of one node. The folder holds the certificates of `make_certificates`."""

    def __init__(self, folder: Path, host: str, host_id: str, node: tuple[str, int]) -> None:
        """`host` is what clients know both servers by; `node` is where the proxy finds it."""
        self.folder, self._host, self._host_id, self._node = folder, host, host_id, node
        self._node_tls: ssl.SSLContext | None = None
        self.metadata_port = self.proxy_port = 0
        self.asked: list[str | None] = []
        """The names that clients asked the proxy for."""
        self.answer: tuple[int, str] | None = None
        """Status and body of the metadata service's answer, where it is to be another one."""

    def reach_node_by_tls(self) -> None:
        """Whatever the name in the node's certificate is."""
        self._node_tls = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        self._node_tls.check_hostname = False

    def write_bundle(self, folder: Path, **other: bytes | None) -> Path:
        """The bundle for this database; `other` replaces files in it, or leaves them out."""
        config = {"host": self._host, "port": self.metadata_port, "localDC": DATA_CENTRE}
        files: dict[str, bytes | None] = {
            "config.json": json.dumps(config).encode(),
            "ca.crt": (self.folder / "ca.crt").read_bytes(),
            "cert": (self.folder / "client.crt").read_bytes(),
            "key": (self.folder / "client.key").read_bytes(),
            **{name.replace("_", "."): text for name, text in other.items()},
        }
        folder.mkdir(exist_ok=True)
        with zipfile.ZipFile(folder / BUNDLE_FILE, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                if text is not None:
                    archive.writestr(name, text)
        return folder

    @contextmanager
    def running(
        self, address: str = "127.0.0.1", ports: tuple[int, int] = (0, 0)
    ) -> Iterator[None]:
        """Serve until the end; port 0 is any free one."""
        proxy_tls = self._server_tls()
        proxy_tls.sni_callback = self._choose
        with ExitStack() as stack:

            def serve(port: int, context: ssl.SSLContext, answer: Callable[[Any], None]) -> int:
                server = _Server((address, port), context, answer)
                stack.enter_context(server)
                threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
                stack.callback(server.shutdown)
                return int(server.server_address[1])

            self.metadata_port = serve(ports[0], self._server_tls(), self._tell)
            self.proxy_port = serve(ports[1], proxy_tls, self._relay)
            yield

    def _server_tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(
            ssl.Purpose.CLIENT_AUTH, cafile=str(self.folder / "ca.crt")
        )
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(self.folder / "server.crt", self.folder / "server.key")
        return context

    def _choose(self, _: object, name: str | None, __: ssl.SSLContext) -> int | None:
        self.asked.append(name)
        return None if name == self._host_id else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    def _tell(self, client: ssl.SSLSocket) -> None:
        contact_info = {
            "type": "sni_proxy",
            "local_dc": DATA_CENTRE,
            "sni_proxy_address": f"{self._host}:{self.proxy_port}",
            "contact_points": [self._host_id],
        }
        answer = self.answer or (200, json.dumps({"version": 1, "contact_info": contact_info}))

        class Metadata(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answer if self.path == "/metadata" else (404, "")
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Nothing: the test's output is for the test."""

        Metadata(client, None, None)  # type: ignore[arg-type]  # it needs neither

    def _relay(self, client: ssl.SSLSocket) -> None:
        with socket.create_connection(self._node) as plain, ExitStack() as stack:
            node = plain
            if self._node_tls is not None:
                node = stack.enter_context(self._node_tls.wrap_socket(plain))
            while True:
                pending = [each for each in (client, node) if _has_read(each)]
                for source in pending or select([client, node], [], [])[0]:
                    block = source.recv(1 << 16)
                    if not block:
                        return
                    (node if source is client else client).sendall(block)


class _Server(socketserver.ThreadingTCPServer):
    """A thread for each connection; `answer` gets it once the handshake is over."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self, address: tuple[str, int], context: ssl.SSLContext, answer: Callable[[Any], None]
    ) -> None:
        self._context, self._answer = context, answer
        super().__init__(address, socketserver.BaseRequestHandler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the connection's thread."""
        # Without a handshake of its own, it is still there once that has failed.
        secured = self._context.wrap_socket(
            request, server_side=True, do_handshake_on_connect=False
        )
        with secured, suppress(OSError):
            try:
                secured.do_handshake()
            except ssl.SSLError:
                # Closed before all is read, a connection takes the alert with it.
                secured.settimeout(5)
                while socket.socket.recv(secured, 1 << 16):
                    pass
                raise
            self._answer(secured)


def _has_read(connection: socket.socket) -> bool:
    """Whether TLS holds bytes that the operating system no longer tells of."""
    return isinstance(connection, ssl.SSLSocket) and connection.pending() > 0


def main() -> None:
    """In a pod: `astra.py FOLDER HOST HOST_ID NODE NODE_PORT METADATA_PORT PROXY_PORT`."""
    folder, host, host_id, node, *ports = sys.argv[1:]
    node_port, metadata_port, proxy_port = (int(port) for port in ports)
    astra = Astra(Path(folder), host, host_id, (node, node_port))
    astra.reach_node_by_tls()
    with astra.running("0.0.0.0", (metadata_port, proxy_port)):  # noqa: S104 - in a pod
        threading.Event().wait()


if __name__ == "__main__":
    main()
