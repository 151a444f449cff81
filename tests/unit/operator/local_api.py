"""An API server of a few canned answers, reached by the real client over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml

Object = dict[str, Any]
Answer = tuple[int, bytes]


@dataclass(frozen=True)
class Request:
    """One that the server got."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """By their names in lower case."""
    body: Object | None


def status(code: int, reason: str = "", message: str = "said") -> Answer:
    """A `Status` object, as the API server answers where it refuses."""
    return code, json.dumps({"kind": "Status", "reason": reason, "message": message}).encode()


class LocalApi:
    """Answers by method and path, `GET /api/v1/pods`; what is not there is not found."""

    def __init__(self) -> None:
        self.answers: dict[str, Object | Answer] = {}
        self.requests: list[Request] = []

    @property
    def last(self) -> Request:
        """The last request."""
        return self.requests[-1]

    def answer(self, request: Request) -> Answer:
        """What is answered, noting the request."""
        self.requests.append(request)
        found = self.answers.get(f"{request.method} {request.path}")
        if found is None:
            return status(404, "NotFound")
        return found if isinstance(found, tuple) else (200, json.dumps(found).encode())


@contextmanager
def serving(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalApi]:
    """A server that the kubeconfig of this process leads to until the end of the block."""
    api = LocalApi()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            url, length = urlsplit(self.path), int(self.headers["Content-Length"] or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            query = dict(parse_qsl(url.query))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, url.path, query, headers, body)
            code, text = api.answer(request)
            self.send_response(code)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    _lead_to(f"http://127.0.0.1:{server.server_port}", folder, monkeypatch)
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()


def _lead_to(address: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "local",
        "clusters": [{"name": "local", "cluster": {"server": address}}],
        "users": [{"name": "local", "user": {"token": "token"}}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "local"}}],
    }
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    location = "kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION"
    monkeypatch.setattr(location, str(file))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
