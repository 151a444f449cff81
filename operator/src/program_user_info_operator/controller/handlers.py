"""kopf wiring only: news of a job, a child or a profile asks for one `reconcile(key)`.

kopf logs in, lists and watches; `WatchReader` takes from its session what it is told. kopf's
finalizers and progress annotations, which belong to its edge-triggered handlers, are not used.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import aiohttp
import kopf
import structlog

from program_user_info_operator import metrics
from program_user_info_operator.cluster.api_server import ApiError, Kind
from program_user_info_operator.cluster.lease import lead
from program_user_info_operator.cluster.store import Object, Place
from program_user_info_operator.controller.dispatcher import Dispatcher
from program_user_info_operator.controller.resync import check_watches_forever, look_at_all_forever
from program_user_info_operator.controller.secret_checks import check_secrets_forever
from program_user_info_operator.controller.turns import take_turns_forever
from program_user_info_operator.reconcile.installation import Key

log = structlog.get_logger(__name__)

_RECONNECT_SECONDS = 240.0
_LIST_PAGE = 250


class _Backoffs:
    """Pauses between attempts of a watch, without limit, because an API server comes back."""

    def __iter__(self) -> Iterator[float]:
        delay = 0.2
        while True:
            yield delay
            delay = min(delay * 2, 15.0)


def register(dispatcher: Dispatcher) -> kopf.OperatorRegistry:
    """A kopf registry with the handlers of this controller."""
    registry = kopf.OperatorRegistry()
    _register_lifecycle(registry, dispatcher)
    _register_watches(registry, dispatcher)
    return registry


def _register_lifecycle(registry: kopf.OperatorRegistry, dispatcher: Dispatcher) -> None:
    tasks: list[asyncio.Task[None]] = []
    executor = ThreadPoolExecutor(dispatcher.workers, thread_name_prefix="reconcile")

    @kopf.on.startup(registry=registry)
    async def start(settings: kopf.OperatorSettings, **_: Any) -> None:
        _configure(settings, dispatcher)
        loop = asyncio.get_running_loop()

        def wake(key: Key) -> None:
            loop.call_soon_threadsafe(dispatcher.ask, key)

        def turns_changed() -> None:
            loop.call_soon_threadsafe(dispatcher.turns_changed.set)

        async def handle(key: Key) -> None:
            recheck = await loop.run_in_executor(executor, _reconcile, dispatcher, key)
            if recheck is not None:
                dispatcher.queue.add_later(key, recheck)

        def tell(place: Place, job: str | None, live: Object | None) -> None:
            dispatcher.know(place, live)
            loop.call_soon_threadsafe(dispatcher.hear, place, job)

        async def work() -> None:
            await dispatcher.may_decide()
            await dispatcher.queue.work(handle)

        dispatcher.index.connect(wake, turns_changed)
        dispatcher.store.connect(tell)
        lead(
            dispatcher.lock,
            dispatcher.timing,
            on_elected=lambda: loop.call_soon_threadsafe(_elected, dispatcher),
            on_lost=_end_because_the_lease_is_lost,
        )
        workers = [work() for _ in range(dispatcher.workers)]
        nets = [
            check_watches_forever(dispatcher),
            look_at_all_forever(dispatcher),
            take_turns_forever(dispatcher),
            check_secrets_forever(dispatcher),
        ]
        tasks.extend(map(_start, [*workers, *nets]))

    @kopf.on.cleanup(registry=registry)
    async def stop(**_: Any) -> None:
        """Finish the writes that have begun; the next process does the rest."""
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(executor.shutdown, wait=True, cancel_futures=True)
        with contextlib.suppress(ApiError):
            await asyncio.to_thread(dispatcher.lock.release)


def _start(endless: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(endless)
    task.add_done_callback(_end_with)
    return task


def _end_with(task: asyncio.Task[None]) -> None:
    """These tasks never end normally. If one does, the process ends too, and is started again."""
    if not task.cancelled():
        log.critical("a task ended: this is a bug, please report it", exc_info=task.exception())
        os.kill(os.getpid(), signal.SIGTERM)


def _elected(dispatcher: Dispatcher) -> None:
    log.info("this process leads", lease=f"{dispatcher.lock.namespace}/{dispatcher.lock.name}")
    dispatcher.is_leading.set()


def _end_because_the_lease_is_lost() -> None:
    """Another process leads from now on, or none can reach the API server."""
    log.error("the lease could not be renewed in time: this process ends")
    os.kill(os.getpid(), signal.SIGTERM)


def _configure(settings: kopf.OperatorSettings, dispatcher: Dispatcher) -> None:
    settings.posting.enabled = False
    settings.networking.error_backoffs = _Backoffs()
    settings.networking.request_timeout = dispatcher.timeout_seconds
    settings.watching.chunk_size = _LIST_PAGE
    # The server ends a watch after this time, and sends a bookmark before.
    reconnect = min(_RECONNECT_SECONDS, dispatcher.silence_seconds / 2)
    settings.watching.server_timeout = max(1, int(reconnect))
    settings.watching.client_timeout = reconnect + 10
    for kind, selector in dispatcher.watched.items():
        if selector:
            settings.watching.label_selectors[_resource(kind)] = selector


def _register_watches(registry: kopf.OperatorRegistry, dispatcher: Dispatcher) -> None:
    @kopf.on.login(registry=registry)
    async def login(**arguments: Any) -> kopf.AiohttpSession | None:
        found = kopf.login_with_service_account(**arguments) or kopf.login_with_kubeconfig(
            **arguments
        )
        return _session(found, dispatcher) if found is not None else None

    @kopf.on.probe(registry=registry)
    async def watches(**_: Any) -> str:
        silent = [scope.kind.name for scope in dispatcher.silent()]
        if silent:
            log.error("a watch is silent", kinds=silent)
            raise kopf.PermanentError(f"watches are silent: {silent}")
        return "heard"

    for kind in dispatcher.watched:

        @kopf.on.event(*_resource(kind), registry=registry)
        async def declared(**_: Any) -> None:
            """What kopf is to watch; what it is told goes into the store before it gets here."""


def _session(login: kopf.ConnectionInfo, dispatcher: Dispatcher) -> kopf.AiohttpSession:
    """The session that kopf would make for this login, with the watches read."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=login.as_ssl_context()),
        headers=login.as_http_headers(),
        auth=login.as_aiohttp_basic_auth(),
        proxy=login.proxy_url,
        trust_env=login.trust_env,
        middlewares=[dispatcher.watches],
    )
    return kopf.AiohttpSession(
        server=login.server,
        aiohttp_session=session,
        default_namespace=login.default_namespace,
        priority=login.priority,
        expiration=login.expiration,
    )


def _resource(kind: Kind) -> tuple[str, str, str]:
    group, _, version = kind.api_version.rpartition("/")
    return group, version, kind.plural


def _reconcile(dispatcher: Dispatcher, key: Key) -> timedelta | None:
    with structlog.contextvars.bound_contextvars(namespace=key.namespace, job=key.name):
        outcome = "error"
        try:
            with metrics.RECONCILE_SECONDS.time():
                recheck = dispatcher.reconciler.reconcile(key)
            outcome = "ok"
            return recheck
        except ApiError as error:
            outcome = "retry"
            log.warning("reconcile will be retried", error=str(error))
            raise
        except Exception:
            log.exception("reconcile failed: this is a bug, please report it")
            raise
        finally:
            metrics.RECONCILES.labels(outcome).inc()
