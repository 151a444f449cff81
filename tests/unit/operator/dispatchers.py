"""A dispatcher whose parts are stand-ins, and news for it."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

from program_user_info_operator.cluster.api_server import JOB
from program_user_info_operator.cluster.store import Place, Store
from program_user_info_operator.controller.dispatcher import Dispatcher

_PARTS = (
    *("api", "watches", "reconciler", "index", "secrets", "lock", "timing", "profiles", "selector"),
    *("workers", "resync_seconds", "secret_check_seconds", "silence_seconds", "timeout_seconds"),
)


def standing_by(**parts: Any) -> Dispatcher:
    """One that knows nothing yet and does not lead, for jobs of the namespace `jobs`."""
    known: dict[str, Any] = {name: Mock() for name in _PARTS}
    known |= {"store": Store(), "namespaces": ("jobs",)}
    return Dispatcher(**(known | parts))


def leading(**parts: Any) -> Dispatcher:
    """One that knows what there is, and leads."""
    dispatcher = standing_by(**parts)
    dispatcher.is_filled.set()
    dispatcher.is_leading.set()
    return dispatcher


def hear_of(dispatcher: Dispatcher, *names: str, namespace: str = "jobs") -> None:
    """A watch tells of these jobs."""
    for name in names:
        metadata = {"namespace": namespace, "name": name, "resourceVersion": "1"}
        dispatcher.store.put(JOB, {"metadata": metadata})
        dispatcher.hear(Place(JOB, namespace, name), name)
