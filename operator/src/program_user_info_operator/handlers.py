"""kopf wiring only: every event of a job, a child or a profile asks for one `reconcile(key)`.

Events are hints; `reconcile` reads what is true. kopf's finalizers and progress annotations, which
belong to its edge-triggered handlers, are not used.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import kopf
import structlog

from program_user_info_operator import metrics
from program_user_info_operator.api import names
from program_user_info_operator.cluster.api_server import (
    CONFIG_MAP,
    FLINK_DEPLOYMENT,
    JOB,
    ApiError,
    Kind,
)
from program_user_info_operator.controller import Controller
from program_user_info_operator.reconcile.keys import Key
from program_user_info_operator.resync import check_watches_forever, resync_forever

log = structlog.get_logger(__name__)

_RECONNECT_SECONDS = 240


class _Backoffs:
    """Waits between tries of a watch, without end: an API server that is away comes back."""

    def __iter__(self) -> Iterator[float]:
        delay = 0.2
        while True:
            yield delay
            delay = min(delay * 2, 15.0)


def register(controller: Controller) -> kopf.OperatorRegistry:
    """A kopf registry with the handlers of this controller."""
    registry = kopf.OperatorRegistry()
    _register_lifecycle(registry, controller)
    _register_watches(registry, controller)
    return registry


def _register_lifecycle(registry: kopf.OperatorRegistry, controller: Controller) -> None:
    tasks: list[asyncio.Task[None]] = []
    executor = ThreadPoolExecutor(controller.workers, thread_name_prefix="reconcile")

    @kopf.on.login(registry=registry)
    def login(**arguments: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_service_account(**arguments) or kopf.login_with_kubeconfig(
            **arguments
        )

    @kopf.on.startup(registry=registry)
    async def start(settings: kopf.OperatorSettings, **_: Any) -> None:
        _configure(settings, controller)
        loop = asyncio.get_running_loop()

        def wake(key: Key) -> None:
            loop.call_soon_threadsafe(controller.queue.add, key)

        async def handle(key: Key) -> None:
            recheck = await loop.run_in_executor(executor, _reconcile, controller, key)
            if recheck is not None:
                controller.queue.add_later(key, recheck)

        controller.board.connect(wake)
        work = [controller.queue.work(handle) for _ in range(controller.workers)]
        nets = [resync_forever(controller), check_watches_forever(controller)]
        tasks.extend(map(_start, [*work, *nets]))

    @kopf.on.probe(registry=registry)
    async def watches(**_: Any) -> str:
        behind = controller.behind()
        if behind:
            raise kopf.PermanentError(f"watches are behind: {behind}")
        return "fresh"

    @kopf.on.cleanup(registry=registry)
    async def stop(**_: Any) -> None:
        """What is being written is written to its end; the rest is the next process's."""
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(executor.shutdown, wait=True, cancel_futures=True)


def _start(endless: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(endless)
    task.add_done_callback(_end_with)
    return task


def _end_with(task: asyncio.Task[None]) -> None:
    """These tasks never end by themselves: better a new process than half a one."""
    if not task.cancelled():
        log.critical("a task ended: this is a bug, please report it", exc_info=task.exception())
        os.kill(os.getpid(), signal.SIGTERM)


def _configure(settings: kopf.OperatorSettings, controller: Controller) -> None:
    settings.posting.enabled = False
    settings.networking.error_backoffs = _Backoffs()
    settings.networking.request_timeout = controller.timeout_seconds
    settings.watching.server_timeout = _RECONNECT_SECONDS
    settings.watching.client_timeout = _RECONNECT_SECONDS + 10
    for kind, selector in controller.watched.items():
        if selector:
            settings.watching.label_selectors[_resource(kind)] = selector


def _register_watches(registry: kopf.OperatorRegistry, controller: Controller) -> None:
    def note(kind: Kind, body: kopf.Body, event: kopf.RawEvent) -> None:
        metrics.WATCH_EVENTS.labels(kind.name).set_to_current_time()
        is_deleted = event["type"] == "DELETED"
        controller.freshness[kind].delivered(body["metadata"], is_deleted=is_deleted)

    @kopf.on.event(*_resource(JOB), registry=registry)
    async def job_changed(
        namespace: str | None, name: str, body: kopf.Body, event: kopf.RawEvent, **_: Any
    ) -> None:
        note(JOB, body, event)
        controller.add(namespace, name)

    @kopf.on.event(*_resource(FLINK_DEPLOYMENT), registry=registry)
    async def deployment_changed(
        namespace: str | None,
        labels: kopf.Labels,
        body: kopf.Body,
        event: kopf.RawEvent,
        **_: Any,
    ) -> None:
        note(FLINK_DEPLOYMENT, body, event)
        controller.add(namespace, labels.get(names.LABEL_JOB))

    @kopf.on.event(*_resource(CONFIG_MAP), registry=registry)
    async def config_map_changed(
        namespace: str | None,
        name: str,
        labels: kopf.Labels,
        body: kopf.Body,
        event: kopf.RawEvent,
        **_: Any,
    ) -> None:
        note(CONFIG_MAP, body, event)
        if (namespace, name) == (controller.profiles.namespace, controller.profiles.name):
            controller.profiles_changed.set()
        else:
            controller.add(namespace, labels.get(names.LABEL_JOB))


def _resource(kind: Kind) -> tuple[str, str, str]:
    group, _, version = kind.api_version.rpartition("/")
    return group, version, kind.plural


def _reconcile(controller: Controller, key: Key) -> timedelta | None:
    with structlog.contextvars.bound_contextvars(namespace=key.namespace, job=key.name):
        outcome = "error"
        try:
            with metrics.RECONCILE_SECONDS.time():
                recheck = controller.reconciler.reconcile(key)
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
