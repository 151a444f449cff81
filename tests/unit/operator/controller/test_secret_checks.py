"""Secrets in use are checked one after the other; the jobs of one that changed are reconciled."""

from __future__ import annotations

import asyncio
from typing import Any

from program_user_info_operator.cluster.api_server import ApiError
from program_user_info_operator.controller.secret_checks import check_secrets_forever
from program_user_info_operator.reconcile.installation import Key
from program_user_info_operator.reconcile.secret_reader import SecretUse
from tests.unit.operator.dispatchers import leading, standing_by

USES = [SecretUse("jobs", name, frozenset({"password"})) for name in ("forbidden", "login", "tls")]


class Secrets:
    """Of three Secrets in use one may not be read, one has changed, and one has not."""

    def __init__(self) -> None:
        self.checked: list[str] = []
        self.are_checked = asyncio.Event()

    def in_use(self) -> list[SecretUse]:
        if len(self.checked) >= len(USES):
            self.are_checked.set()
            return []
        return USES

    def refresh(self, use: SecretUse) -> list[Key]:
        self.checked.append(use.name)
        if use.name == "forbidden":
            raise ApiError(403, "may not be read")
        return [Key("jobs", "a"), Key("jobs", "b")] if use.name == "login" else []


def test_the_users_of_a_secret_that_changed_are_reconciled_whatever_becomes_of_another_one() -> (
    None
):
    async def play() -> None:
        secrets: Any = Secrets()
        dispatcher = leading(secrets=secrets, secret_check_seconds=0.001)
        checking = asyncio.create_task(check_secrets_forever(dispatcher))
        await secrets.are_checked.wait()
        checking.cancel()
        assert secrets.checked == ["forbidden", "login", "tls"]
        assert len(dispatcher.queue) == 2

    asyncio.run(asyncio.wait_for(play(), 60))


def test_one_that_stands_by_checks_nothing() -> None:
    async def play() -> None:
        secrets: Any = Secrets()
        dispatcher = standing_by(secrets=secrets, secret_check_seconds=0.001)
        dispatcher.is_filled.set()
        checking = asyncio.create_task(check_secrets_forever(dispatcher))
        for _ in range(5):
            await asyncio.sleep(0)
        assert secrets.checked == []
        checking.cancel()

    asyncio.run(asyncio.wait_for(play(), 60))
