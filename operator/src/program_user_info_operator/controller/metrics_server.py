"""What the controller answers over HTTP besides its liveness: metrics, and whether it is ready."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

READINESS = "/readyz"


def serve(port: int, is_ready: Callable[[], bool]) -> ThreadingWSGIServer:
    """Answer on this port from a thread of its own; 0 chooses a free one.

    `/readyz` is 200 once `is_ready`, else 503. Everything else is the metrics.
    """
    metrics = make_wsgi_app()

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != READINESS:
            return list(metrics(environ, start_response))
        headers = [("Content-Type", "text/plain")]
        if is_ready():
            start_response("200 OK", headers)
            return [b"ready\n"]
        start_response("503 Service Unavailable", headers)
        return [b"the watches have not delivered yet what there is\n"]

    server: ThreadingWSGIServer = make_server(
        "0.0.0.0", port, answer, ThreadingWSGIServer, handler_class=_Silent
    )
    threading.Thread(target=server.serve_forever, daemon=True, name="metrics").start()
    return server


class _Silent(WSGIRequestHandler):
    """The default handler would log each scrape and probe, not as a JSON object."""

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - named by its base
        """Say nothing."""
