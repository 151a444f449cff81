"""The net under the watches: a look at every job now and then, and at the watches themselves."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import structlog

from program_user_info_operator import metrics
from program_user_info_operator.cluster.api_server import JOB, ApiError, Kind
from program_user_info_operator.controller import Controller
from program_user_info_operator.reconcile.keys import Key

log = structlog.get_logger(__name__)

_LIST_RETRY_SECONDS = 2.0


async def resync_forever(controller: Controller) -> None:
    """Look at every job at the start, when a profile changed, and now and then."""
    while True:
        controller.profiles_changed.clear()
        try:
            await _resync(controller)
        except ApiError as error:
            log.warning("listing will be retried", error=str(error))
            await asyncio.sleep(_LIST_RETRY_SECONDS)
            continue
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(controller.profiles_changed.wait(), controller.resync_seconds)


async def check_watches_forever(controller: Controller) -> None:
    """Find out, now and then, which watches owe us a version for longer than the grace period."""
    while True:
        await asyncio.sleep(controller.resync_seconds)
        try:
            await _check_watches(controller)
        except ApiError as error:
            log.warning("the watches could not be checked", error=str(error))


async def _resync(controller: Controller) -> None:
    jobs = await _list(controller, JOB)
    keys = [
        Key(each["namespace"], each["name"])
        for each in jobs
        if controller.is_ours(each["namespace"])
    ]
    controller.board.expect(keys)
    for key in keys:
        controller.queue.add(key)


async def _check_watches(controller: Controller) -> None:
    suspects = [
        watch.suspect(await _list(controller, kind)) for kind, watch in controller.freshness.items()
    ]
    if any(suspects):
        await asyncio.sleep(controller.grace_seconds)
    for kind, watch in controller.freshness.items():
        behind = watch.confirm()
        metrics.WATCH_BEHIND.labels(kind.name).set(len(behind))
        if behind:
            log.error("a watch is behind", kind=kind.name, objects=len(behind))


async def _list(controller: Controller, kind: Kind) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for namespace in controller.watched_namespaces or (None,):
        selector = controller.watched[kind]
        found += await asyncio.to_thread(controller.api.list_metadata, kind, namespace, selector)
    return found
