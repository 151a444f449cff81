"""What kopf's lists and watches bring goes into the store; kopf gets what it needs to resume."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from program_user_info_operator.cluster.api_server import (
    CONFIG_MAP,
    FLINK_DEPLOYMENT,
    JOB,
)
from program_user_info_operator.cluster.store import Store
from program_user_info_operator.cluster.watch_reader import Scope, WatchReader
from tests.unit.operator.watched import config_map

Object = dict[str, Any]
MAPS = "/api/v1/namespaces/ns/configmaps"
SCOPE = Scope(CONFIG_MAP, "ns")


def event(kind: str, live: Object) -> bytes:
    return json.dumps({"type": kind, "object": live}).encode() + b"\n"


def bookmark(version: int) -> bytes:
    return event("BOOKMARK", {"metadata": {"resourceVersion": str(version)}})


def page(*items: Object, version: int, rest: str = "") -> Object:
    return {"metadata": {"resourceVersion": str(version), "continue": rest}, "items": [*items]}


class Server:
    """Answers with what it is given, a chunk at a time."""

    def __init__(self) -> None:
        self.pages: list[Object] = []
        self.chunks: list[bytes] = []
        self.store = Store()
        self.heard: list[str] = []
        self.reader = WatchReader(
            (JOB, FLINK_DEPLOYMENT, CONFIG_MAP), self.store, self.heard.append
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return web.json_response(self.pages.pop(0))
        response = web.StreamResponse()
        await response.prepare(request)
        for chunk in self.chunks:
            await response.write(chunk)
            await asyncio.sleep(0.01)
        return response

    async def _session(self) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
        application = web.Application()
        application.router.add_get("/{path:.*}", self.answer)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        async with aiohttp.ClientSession(middlewares=[self.reader]) as session:
            yield session, f"http://127.0.0.1:{port}"
        await runner.cleanup()

    def answers(self, *queries: str, path: str = MAPS) -> list[Object]:
        async def fetch() -> list[Object]:
            found = []
            async for session, base in self._session():
                for query in queries:
                    async with session.get(f"{base}{path}?{query}") as answer:
                        found.append(await answer.json())
            return found

        return asyncio.run(fetch())

    def watch(self, *chunks: bytes) -> list[Object]:
        async def follow() -> list[Object]:
            found = b""
            async for session, base in self._session():
                async with session.get(f"{base}{MAPS}?watch=true") as answer:
                    async for data in answer.content.iter_chunked(1 << 20):
                        found += data
            return [json.loads(line) for line in found.splitlines()]

        self.chunks = [*chunks]
        return asyncio.run(follow())

    def names(self) -> set[str]:
        return {each.name for each in self.store.versions(CONFIG_MAP)}


@pytest.fixture
def server() -> Server:
    return Server()


def test_a_list_fills_the_store_page_by_page_and_kopf_gets_empty_pages(server: Server) -> None:
    server.pages = [
        page(config_map("a", 1), version=5, rest="more"),
        page(config_map("b", 2), version=5),
    ]
    answers = server.answers("limit=1", "limit=1&continue=more")
    assert answers == [page(version=5, rest="more"), page(version=5)]
    assert server.names() == {"a", "b"}
    assert server.reader.complete == {SCOPE}


def test_a_list_that_is_not_at_its_end_is_not_complete(server: Server) -> None:
    server.pages = [page(config_map("a", 1), version=5, rest="more")]
    server.answers("limit=1")
    assert server.reader.complete == set()


def test_what_went_away_between_a_watch_and_the_list_after_it_is_removed(server: Server) -> None:
    server.watch(event("ADDED", config_map("a", 1)), event("ADDED", config_map("b", 2)))
    server.pages = [page(config_map("b", 2), version=5)]
    server.answers("limit=250")
    assert server.names() == {"b"}


def test_a_list_that_began_again_forgets_its_first_pages(server: Server) -> None:
    server.pages = [
        page(config_map("a", 1), version=5, rest="more"),
        page(config_map("b", 7), version=9),
    ]
    server.answers("limit=1", "limit=1")
    assert server.names() == {"b"}


def test_events_go_into_the_store_and_kopf_gets_the_first_and_the_last_version(
    server: Server,
) -> None:
    seen = server.watch(
        event("ADDED", config_map("a", 1)),
        event("ADDED", config_map("b", 2)) + event("MODIFIED", config_map("a", 3, "new")),
        event("DELETED", config_map("b", 4)),
        bookmark(9),
    )
    versions = [each["object"]["metadata"]["resourceVersion"] for each in seen]
    assert versions == ["1", "9"]
    assert {each["type"] for each in seen} == {"BOOKMARK"}
    assert server.names() == {"a"}
    assert (server.store.get(CONFIG_MAP, "ns", "a") or {})["data"] == {"text": "new"}
    assert server.heard == ["ConfigMap"] * 4


def test_kopf_gets_a_version_at_an_interval(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("program_user_info_operator.cluster.watch_reader._BOOKMARK_EVERY", 0.0)
    seen = server.watch(*(event("ADDED", config_map("a", number)) for number in (1, 2, 3)))
    assert seen == [json.loads(bookmark(number)) for number in (1, 2, 3)]


def test_events_may_come_in_pieces(server: Server) -> None:
    line = event("ADDED", config_map("a", 1, "x" * 1000))
    server.watch(line[:10], line[10:500], line[500:] + b"\n")
    assert server.names() == {"a"}


def test_kopf_hears_that_a_version_has_expired(server: Server) -> None:
    expired = {"kind": "Status", "code": 410}
    assert server.watch(event("ERROR", expired)) == [{"type": "ERROR", "object": expired}]


def test_a_bookmark_is_a_word_and_a_watch_that_has_ended_is_not_silent(server: Server) -> None:
    server.watch(bookmark(1))
    before = server.reader.silence.seconds()[SCOPE]
    assert server.reader.silence.seconds()[SCOPE] == before


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/api/v1/configmaps", Scope(CONFIG_MAP, None)),
        ("/api/v1/namespaces/a/configmaps", Scope(CONFIG_MAP, "a")),
        ("/k8s/clusters/c/api/v1/namespaces/a/configmaps", Scope(CONFIG_MAP, "a")),
        ("/apis/lern.sunbird.org/v1alpha1/programuserinfojobs", Scope(JOB, None)),
        (
            "/apis/flink.apache.org/v1beta1/namespaces/b/flinkdeployments",
            Scope(FLINK_DEPLOYMENT, "b"),
        ),
        ("/api/v1/namespaces", None),
        ("/api/v1/namespaces/a/secrets", None),
        ("/apis", None),
        ("/apis/other.org/v1/namespaces/a/configmaps", None),
    ],
)
def test_what_is_read_is_what_is_watched(server: Server, path: str, scope: Scope | None) -> None:
    server.pages = [page(version=1)]
    server.answers("", path=path)
    assert server.reader.complete == ({scope} if scope else set())
