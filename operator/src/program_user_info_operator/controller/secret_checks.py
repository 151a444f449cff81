"""Checks the Secrets in use at an interval, and reconciles the jobs whose Secret has changed."""

from __future__ import annotations

import asyncio

import structlog

from program_user_info_operator.cluster.api_server import ApiError
from program_user_info_operator.controller.dispatcher import Dispatcher

log = structlog.get_logger(__name__)


async def check_secrets_forever(dispatcher: Dispatcher) -> None:
    """Each Secret once an interval, one after the other."""
    await dispatcher.is_leading.wait()
    while True:
        uses = dispatcher.secrets.in_use()
        for use in uses:
            await asyncio.sleep(dispatcher.secret_check_seconds / len(uses))
            try:
                users = await asyncio.to_thread(dispatcher.secrets.refresh, use)
            except ApiError as error:
                log.warning("a Secret could not be checked", name=use.name, error=str(error))
                continue
            for user in users:
                dispatcher.ask(user)
        if not uses:
            await asyncio.sleep(dispatcher.secret_check_seconds)
