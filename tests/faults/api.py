"""A plain client of the tests' API server."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

TOKEN = "tests-only"


class Api:
    """A plain client with all rights, for what the tests do themselves."""

    def __init__(self, port: int, token: str = TOKEN) -> None:
        self._authorization = {"Authorization": f"Bearer {token}"}
        self._port, self._base = port, f"https://127.0.0.1:{port}"
        self._context = ssl.create_default_context()
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE

    def keep_connected(self) -> KeptConnection:
        """For many requests, one after the other, none of which has to connect first."""
        return KeptConnection(self._port, self._context, self.headers)

    def send(self, method: str, path: str, body: Any = None, kind: str = "json") -> Any:
        """One request; raises `urllib.error.HTTPError`."""
        request = urllib.request.Request(
            self._base + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers=self.headers(kind),
        )
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=30) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            error.close()  # It is the answer itself, with its connection.
            raise

    def headers(self, kind: str = "json") -> dict[str, str]:
        """What each request needs besides its path and its body."""
        return self._authorization | {"Content-Type": f"application/{kind}"}

    def stream(self, path: str) -> Iterator[bytes]:
        """The lines of a watch, until the server ends it."""
        request = urllib.request.Request(self._base + path, headers=self._authorization)
        with urllib.request.urlopen(request, context=self._context, timeout=300) as response:
            yield from response

    def get(self, path: str) -> Any:
        """The object, or None."""
        try:
            return self.send("GET", path)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def merge(self, path: str, body: Any) -> Any:
        """A merge patch."""
        return self.send("PATCH", path, body, "merge-patch+json")

    def apply(self, path: str, body: Any, manager: str = "tests") -> Any:
        """Server-side apply."""
        query = f"?fieldManager={manager}&force=true"
        return self.send("PATCH", path + query, body, "apply-patch+yaml")

    def delete(self, path: str) -> None:
        """Delete, if it is there."""
        with contextlib.suppress(urllib.error.HTTPError):
            self.send("DELETE", path)


class KeptConnection:
    """Used by one thread; close it at the end."""

    def __init__(
        self, port: int, context: ssl.SSLContext, headers: Callable[[str], dict[str, str]]
    ) -> None:
        self._connection = http.client.HTTPSConnection("127.0.0.1", port, context=context)
        self._headers = headers

    def send(
        self, method: str, path: str, body: Any, kind: str = "json", *, or_gone: bool = False
    ) -> None:
        """One request, whose answer is read and dropped; `or_gone`: 404 will do."""
        self._connection.request(method, path, json.dumps(body), self._headers(kind))
        answer = self._connection.getresponse()
        text = answer.read()
        is_fine = answer.status < 300 or (or_gone and answer.status == 404)
        assert is_fine, f"{method} {path}: {text.decode()}"

    def apply(self, path: str, body: Any) -> None:
        """Server-side apply."""
        self.send("PATCH", f"{path}?fieldManager=tests&force=true", body, "apply-patch+yaml")

    def close(self) -> None:
        """Close it."""
        self._connection.close()
