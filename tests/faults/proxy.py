"""A proxy before the API server that can do to a controller what networks and servers do.

It sees every request of the controller and every event of its watches, counts the writes, and asks
the test what to do with each.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohappyeyeballs import AddrInfoType
from aiohttp import web

from tests.faults.flink import FlinkRest

_FLINK = re.compile(
    r"/api/v1/namespaces/(?P<namespace>[^/]+)/services/(?P<deployment>[^/]+)-rest:rest/proxy"
    r"/jobs/[^/]+(?P<path>.*)"
)
WRITES = ("PATCH", "POST", "DELETE", "PUT")


@dataclass(frozen=True)
class Request:
    """What the controller asks for. `number` counts all, `write` the writes, from 1.

    What it writes to stay the leader, every two seconds, is none of them.
    """

    method: str
    path: str
    query: str
    number: int
    write: int | None

    @property
    def is_watch(self) -> bool:
        """Whether it is a watch."""
        return "watch=true" in self.query

    @property
    def is_list(self) -> bool:
        """Whether it is a list of our kinds."""
        kinds = ("programuserinfojobs", "flinkdeployments", "configmaps")
        return self.method == "GET" and not self.is_watch and self.path.endswith(kinds)


@dataclass(frozen=True)
class Answer:
    """Answer this instead of the API server."""

    status: int
    message: str = "a fault of the test's"


@dataclass(frozen=True)
class Lose:
    """Close the connection without an answer; `forwarded`: after the server has done its part."""

    forwarded: bool


@dataclass(frozen=True)
class Hang:
    """Never answer, and keep the connection."""


Fault = Answer | Lose | Hang | None
Event = dict[str, Any]


@dataclass
class Faults:
    """What the test does: nothing, unless told otherwise. All are called in the proxy's thread."""

    on_request: Callable[[Request], Fault] = lambda _: None
    on_written: Callable[[Request], None] = lambda _: None
    """After the API server has carried out a write, before the controller hears of it."""
    on_body: Callable[[Request, dict[str, Any]], None] = lambda _, __: None
    """The body of a write, before it is forwarded."""
    on_event: Callable[[Request, Event], Event | None] = lambda _, event: event
    """None drops the event."""
    on_list: Callable[[Request, dict[str, Any]], dict[str, Any]] = lambda _, answer: answer
    requests: list[Request] = field(default_factory=list)


class FaultProxy:
    """Listens on a port of the loopback interface; one event loop in a thread of its own."""

    def __init__(self, api_port: int, token: str, flink: FlinkRest | None = None) -> None:
        """`flink` answers what is asked of Flink, which does not run."""
        self.flink = flink
        self._upstream = f"https://127.0.0.1:{api_port}"
        self._token = token
        self.faults = Faults()
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._lock = threading.Lock()
        self._numbers = [0, 0]
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        """Those to the API server."""

    def start(self) -> None:
        """Start listening."""
        self._thread.start()
        assert self._ready.wait(30)

    def stop(self) -> None:
        """Close all connections and end."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    @property
    def writes(self) -> int:
        """Writes so far."""
        return self._numbers[1]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._ready.set()
        self._loop.run_forever()

    async def _listen(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=False, limit=0, socket_factory=self._socket),
            timeout=aiohttp.ClientTimeout(total=None),
        )
        application = web.Application(client_max_size=1 << 26)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _close(self) -> None:
        await self._runner.cleanup()
        # What still runs gives its connection back to the session, which closes all of them.
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self._session.close()
        # TLS takes leave of the other side; a loop that ends before leaves sockets behind.
        async with asyncio.timeout(30):
            # A socket says to nobody that it is closed.
            while any(each.fileno() != -1 for each in self._sockets):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def _socket(self, address: AddrInfoType) -> socket.socket:
        opened = socket.socket(*address[:3])
        opened.setblocking(False)
        self._sockets.add(opened)
        return opened

    async def _handle(self, incoming: web.Request) -> web.StreamResponse:
        request = self._number(incoming)
        body = await incoming.read()
        if request.write is not None and body:
            self.faults.on_body(request, json.loads(body))
        fault = self.faults.on_request(request)
        if isinstance(fault, Answer):
            status = {"kind": "Status", "code": fault.status, "message": fault.message}
            return web.json_response(status, status=fault.status)
        if isinstance(fault, Lose) and not fault.forwarded:
            return self._lose(incoming)
        if isinstance(fault, Hang):
            await asyncio.Event().wait()
        try:
            async with self._forward(incoming, body) as answer:
                if request.is_watch and answer.status == 200:
                    return await self._stream(request, incoming, answer)
                response = await self._answer(request, answer)
                return self._lose(incoming) if isinstance(fault, Lose) else response
        except aiohttp.ClientError:
            return self._lose(incoming)

    def _forward(self, incoming: web.Request, body: bytes) -> Any:
        headers = {"Authorization": f"Bearer {self._token}"}
        for name in ("Content-Type", "Accept"):
            if name in incoming.headers:
                headers[name] = incoming.headers[name]
        url = self._upstream + incoming.raw_path
        return self._session.request(incoming.method, url, headers=headers, data=body or None)

    async def _answer(self, request: Request, answer: aiohttp.ClientResponse) -> web.Response:
        found = await answer.read()
        if request.write is not None and answer.status < 300:
            self.faults.on_written(request)
        if request.is_list and answer.status == 200:
            found = json.dumps(self.faults.on_list(request, json.loads(found))).encode()
        rest = _FLINK.fullmatch(request.path)
        if rest is not None and self.flink is not None:
            told = self.flink.rest(rest["namespace"], rest["deployment"], rest["path"])
            return web.json_response(told) if told is not None else web.Response(status=503)
        kind = answer.headers.get("Content-Type", "application/json")
        return web.Response(status=answer.status, body=found, headers={"Content-Type": kind})

    async def _stream(
        self, request: Request, incoming: web.Request, answer: aiohttp.ClientResponse
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(incoming)
        async for line in _lines(answer):
            event = self.faults.on_event(request, json.loads(line))
            if event is not None:
                await response.write(json.dumps(event).encode() + b"\n")
        return response

    def _number(self, incoming: web.Request) -> Request:
        with self._lock:
            self._numbers[0] += 1
            write = None
            if incoming.method in WRITES and "/leases" not in incoming.path:
                self._numbers[1] += 1
                write = self._numbers[1]
            request = Request(
                incoming.method, incoming.path, incoming.query_string, self._numbers[0], write
            )
            self.faults.requests.append(request)
        return request

    def _lose(self, incoming: web.Request) -> web.StreamResponse:
        if incoming.transport is not None:
            incoming.transport.abort()
        return web.Response(status=502)


async def _lines(answer: aiohttp.ClientResponse) -> Any:
    """Lines of any length."""
    rest = b""
    async for chunk in answer.content.iter_any():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if line.strip():
                yield line
