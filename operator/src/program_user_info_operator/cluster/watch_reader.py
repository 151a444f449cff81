"""Reads the lists and watches that kopf asks for, and leaves kopf what it needs to continue.

kopf lists, watches, resumes, backs off and logs in again. Its handlers cost a millisecond of CPU an
event, tell of no bookmark and of no object that went away between a watch and the list after it.
So the objects go from kopf's own HTTP session into the store; kopf gets empty lists, and instead of
the events a bookmark now and then: that is what it needs to know where to resume. From an older
bookmark some events come again, which the store takes for what they are.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Collection
from typing import Any, NamedTuple, cast

import aiohttp

from program_user_info_operator.cluster.api_server import Kind
from program_user_info_operator.cluster.silence import Silence
from program_user_info_operator.cluster.store import Place, Store
from program_user_info_operator.json_text import read_json, write_json

Object = dict[str, Any]
_BOOKMARK_EVERY = 1.0
"""Seconds. Each bookmark passes through kopf's queues, and only the last one matters."""


class Scope(NamedTuple):
    """What one watch watches; without a namespace, all of them."""

    kind: Kind
    namespace: str | None


class WatchReader:
    """An `aiohttp` client middleware. Used from one event loop."""

    def __init__(
        self, kinds: Collection[Kind], store: Store, on_event: Callable[[str], None]
    ) -> None:
        self._kinds = kinds
        self._store = store
        self._on_event = on_event
        self._listed: dict[Scope, set[Place]] = {}
        self.silence: Silence[Scope] = Silence()
        self.complete: set[Scope] = set()
        """Scopes that have been listed to their end at least once."""

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Have the request answered; read the answer if it is about one of the kinds."""
        response = await handler(request)
        scope = self._scope(request.url.path)
        if scope is None or request.method != "GET" or response.status != 200:
            return response
        content: _List | _Watch
        if request.url.query.get("watch") == "true":
            content = _Watch(response.content, self, scope)
        else:
            is_first = "continue" not in request.url.query
            content = _List(response.content, self, scope, is_first=is_first)
        # All that reads an answer reads this attribute.
        response.content = cast("aiohttp.StreamReader", content)
        return response

    def _scope(self, path: str) -> Scope | None:
        for kind in self._kinds:
            if path.endswith(kind.path(None)):
                return Scope(kind, None)
            *_, namespace = path.removesuffix(f"/{kind.plural}").rsplit("/", 1)
            if path.endswith(kind.path(namespace)):
                return Scope(kind, namespace)
        return None

    def read_page(self, scope: Scope, page: Object, *, is_first: bool) -> Object:
        """Keep what a page of a list has; the page without it."""
        listed = self._listed.setdefault(scope, set())
        if is_first:
            listed.clear()
        for item in page["items"] or []:
            metadata = item["metadata"]
            listed.add(Place(scope.kind, metadata["namespace"], metadata["name"]))
            self._store.put(scope.kind, item)
        metadata = page["metadata"]
        if not metadata.get("continue"):
            del self._listed[scope]
            self._store.keep_only(*scope, listed, int(metadata["resourceVersion"]))
            self.complete.add(scope)
        return page | {"items": []}

    def read_event(self, scope: Scope, line: bytes) -> bytes:
        """Keep what an event says; the same event as kopf is to have it."""
        event = read_json(line)
        self.silence.heard(scope)
        if event["type"] in ("BOOKMARK", "ERROR"):
            return line + b"\n"
        self._on_event(scope.kind.name)
        live, metadata = event["object"], event["object"]["metadata"]
        version = metadata["resourceVersion"]
        if event["type"] == "DELETED":
            place = Place(scope.kind, metadata["namespace"], metadata["name"])
            self._store.remove(place, int(version))
        else:
            self._store.put(scope.kind, live)
        bookmark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": version}}}
        return write_json(bookmark) + b"\n"


class _Content:
    """An answer's content, but for what is read in another way."""

    def __init__(self, inner: aiohttp.StreamReader, reader: WatchReader, scope: Scope) -> None:
        self._inner, self._reader, self._scope = inner, reader, scope

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _List(_Content):
    def __init__(
        self, inner: aiohttp.StreamReader, reader: WatchReader, scope: Scope, *, is_first: bool
    ) -> None:
        super().__init__(inner, reader, scope)
        self._is_first = is_first

    async def read(self) -> bytes:
        page = read_json(await self._inner.read())
        rest = self._reader.read_page(self._scope, page, is_first=self._is_first)
        return write_json(rest)


class _Watch(_Content):
    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        silence, rest = self._reader.silence, b""
        owed, due = b"", 0.0
        silence.opened(self._scope)
        try:
            async for chunk in self._inner.iter_chunked(size):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.strip():
                        owed = self._reader.read_event(self._scope, line)
                now = time.monotonic()
                if owed and now >= due:
                    yield owed
                    owed, due = b"", now + _BOOKMARK_EVERY
            # What has ended the watch, or else where it ended.
            if owed:
                yield owed
        finally:
            silence.closed(self._scope)
