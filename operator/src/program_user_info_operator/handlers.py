"""kopf wiring only: every event of a job, a child or a profile asks for one `reconcile(key)`.

Events are hints; `reconcile` reads what is true. kopf's finalizers and progress annotations, which
belong to its edge-triggered handlers, are not used.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import kopf
import structlog

from program_user_info_operator.api import names
from program_user_info_operator.cluster.api_server import JOB, ApiError, ApiServer
from program_user_info_operator.reconcile import Key, ProfilesRef, Reconciler
from program_user_info_operator.work_queue import WorkQueue

log = structlog.get_logger(__name__)

_JOBS = (names.GROUP, names.VERSION, names.PLURAL)
_FLINK_DEPLOYMENTS = ("flink.apache.org", "v1beta1", "flinkdeployments")
_CONFIG_MAPS = ("v1", "configmaps")
_LIST_RETRY_SECONDS = 2.0
_PART_OF = "app.kubernetes.io/part-of=program-user-info"


@dataclass(frozen=True)
class Controller:
    """What the handlers need; `namespaces` is empty for the whole cluster."""

    api: ApiServer
    reconciler: Reconciler
    profiles: ProfilesRef
    namespaces: tuple[str, ...]
    workers: int
    resync_seconds: float


def register(controller: Controller) -> kopf.OperatorRegistry:
    """A kopf registry with the handlers of this controller."""
    registry = kopf.OperatorRegistry()
    queue: WorkQueue[Key] = WorkQueue()
    profiles_changed = asyncio.Event()
    _register_lifecycle(registry, controller, queue, profiles_changed)
    _register_watches(registry, controller, queue, profiles_changed)
    return registry


def _register_lifecycle(
    registry: kopf.OperatorRegistry,
    controller: Controller,
    queue: WorkQueue[Key],
    profiles_changed: asyncio.Event,
) -> None:
    tasks: list[asyncio.Task[None]] = []

    @kopf.on.login(registry=registry)
    def login(**arguments: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_service_account(**arguments) or kopf.login_with_kubeconfig(
            **arguments
        )

    @kopf.on.startup(registry=registry)
    async def start(settings: kopf.OperatorSettings, **_: Any) -> None:
        settings.posting.enabled = False
        for kind in (_CONFIG_MAPS, _FLINK_DEPLOYMENTS):
            settings.watching.label_selectors[kind] = _PART_OF
        executor = ThreadPoolExecutor(controller.workers, thread_name_prefix="reconcile")
        handle = _handler(controller.reconciler, executor)
        work = [queue.work(handle) for _ in range(controller.workers)]
        tasks.extend(
            map(asyncio.create_task, [*work, _resync(controller, queue, profiles_changed)])
        )

    @kopf.on.cleanup(registry=registry)
    async def stop(**_: Any) -> None:
        for task in tasks:
            task.cancel()


def _register_watches(
    registry: kopf.OperatorRegistry,
    controller: Controller,
    queue: WorkQueue[Key],
    profiles_changed: asyncio.Event,
) -> None:
    def add(namespace: str | None, name: str | None) -> None:
        # The profiles' namespace is watched as well, and may have jobs that are not ours.
        if namespace and name and namespace in (controller.namespaces or (namespace,)):
            queue.add(Key(namespace, name))

    @kopf.on.event(*_JOBS, registry=registry)
    async def job_changed(namespace: str | None, name: str, **_: Any) -> None:
        add(namespace, name)

    @kopf.on.event(*_FLINK_DEPLOYMENTS, registry=registry)
    async def deployment_changed(namespace: str | None, labels: kopf.Labels, **_: Any) -> None:
        add(namespace, labels.get(names.LABEL_JOB))

    @kopf.on.event(*_CONFIG_MAPS, registry=registry)
    async def config_map_changed(
        namespace: str | None, name: str, labels: kopf.Labels, **_: Any
    ) -> None:
        if (namespace, name) == (controller.profiles.namespace, controller.profiles.name):
            profiles_changed.set()
        else:
            add(namespace, labels.get(names.LABEL_JOB))


def _handler(
    reconciler: Reconciler, executor: ThreadPoolExecutor
) -> Callable[[Key], Awaitable[None]]:
    async def handle(key: Key) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(executor, _reconcile_logged, reconciler, key)

    return handle


def _reconcile_logged(reconciler: Reconciler, key: Key) -> None:
    with structlog.contextvars.bound_contextvars(namespace=key.namespace, job=key.name):
        try:
            reconciler.reconcile(key)
        except ApiError as error:
            log.warning("reconcile will be retried", error=str(error))
            raise
        except Exception:
            log.exception("reconcile failed: this is a bug, please report it")
            raise


async def _add_all(controller: Controller, queue: WorkQueue[Key]) -> None:
    """Every job that this controller watches; which of them changes, `reconcile` finds out."""
    for namespace in controller.namespaces or (None,):
        for job in await asyncio.to_thread(controller.api.list_objects, JOB, namespace):
            queue.add(Key(job["metadata"]["namespace"], job["metadata"]["name"]))


async def _resync(
    controller: Controller, queue: WorkQueue[Key], profiles_changed: asyncio.Event
) -> None:
    """Look at every job when a profile changed, and now and then: the net under the watches."""
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(profiles_changed.wait(), controller.resync_seconds)
        profiles_changed.clear()
        try:
            await _add_all(controller, queue)
        except ApiError as error:
            log.warning("listing the jobs will be retried", error=str(error))
            await asyncio.sleep(_LIST_RETRY_SECONDS)
            profiles_changed.set()
