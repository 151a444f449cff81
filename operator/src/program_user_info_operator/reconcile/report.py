"""Says how a job is doing: its status where it differs, an Event where its state does."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from program_user_info_operator.api import names
from program_user_info_operator.api.status import JobStatus
from program_user_info_operator.cluster.api_server import ApiServer
from program_user_info_operator.cluster.events import post_transition
from program_user_info_operator.policy.conditions import Verdict, conditions
from program_user_info_operator.policy.status import Facts, differs, resolved_status
from program_user_info_operator.reconcile.keys import Key

Object = dict[str, Any]
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Report:
    """What a reconciliation came to; `facts` is None where it did not get far enough."""

    verdict: Verdict
    facts: Facts | None


class Reporter:
    """Writes statuses and Events, and counts the jobs by their state."""

    def __init__(self, api: ApiServer, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._clock = clock
        self._lock = threading.Lock()
        self._states: dict[Key, tuple[str, str]] = {}

    def write(self, key: Key, job: Object, report: Report) -> None:
        """Write the status if it differs, and an Event if the state or its reason changed."""
        verdict = report.verdict
        with self._lock:
            self._states[key] = (verdict.state, verdict.reason)
        old = JobStatus.model_validate(job.get("status") or {})
        metadata = job["metadata"]
        new = resolved_status(old, report.facts).model_copy(
            update={
                "observed_generation": metadata["generation"],
                "conditions": conditions(
                    verdict, old.conditions, metadata["generation"], self._clock()
                ),
            }
        )
        if not differs(new, old):
            return
        place = {name: metadata[name] for name in ("name", "namespace")}
        body = {"apiVersion": names.API_VERSION, "kind": names.KIND, "metadata": place}
        self._api.apply(
            body | {"status": new.to_json()},
            subresource="status",
            resource_version=metadata["resourceVersion"],
        )
        previous = {each.type: each.reason for each in old.conditions if each.status == "True"}
        if previous != {verdict.state: verdict.reason}:
            log.info("condition changed", state=verdict.state, reason=verdict.reason)
            post_transition(self._api, job, verdict, self._clock())

    def forget(self, key: Key) -> None:
        """The job is gone."""
        with self._lock:
            self._states.pop(key, None)

    def counts(self) -> Counter[tuple[str, str]]:
        """Jobs by state and reason, as far as this process has looked at them."""
        with self._lock:
            return Counter(self._states.values())
