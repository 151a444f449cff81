"""Says how a job is doing: its status where it differs, an Event where its state does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

from program_user_info_operator.api import names
from program_user_info_operator.api.status import JobStatus
from program_user_info_operator.cluster.api_server import ApiServer
from program_user_info_operator.cluster.events import post_transition
from program_user_info_operator.policy.conditions import Verdict, conditions, is_transition
from program_user_info_operator.policy.keeper import keeper
from program_user_info_operator.policy.written_status import differs
from program_user_info_operator.reconcile.installation import Installation, Key

Object = dict[str, Any]
log = structlog.get_logger(__name__)


class StatusWriter:
    """Writes statuses and Events. Safe to use from several threads."""

    def __init__(
        self, api: ApiServer, clock: Callable[[], datetime], installation: Installation
    ) -> None:
        self._api = api
        self._clock = clock
        self._installation = installation
        self._left: dict[Key, str] = {}

    def leave(self, key: Key, job: Object) -> None:
        """Say once, in an Event, that another installation keeps the job."""
        place = keeper(job)
        if self._left.get(key) == place:
            return
        self._left[key] = place
        message = (
            f"{self._installation} does not change this job, because {place} manages it: set the"
            f" annotation {names.ANNOTATION_CONTROLLER} to the installation that should manage it"
        )
        log.warning("another installation keeps this job", keeper=place)
        verdict = Verdict("Stalled", "KeptByAnother", message)
        post_transition(self._api, job, verdict, self._clock())

    def forget(self, key: Key) -> None:
        """The job is gone."""
        self._left.pop(key, None)

    def write(self, job: Object, before: JobStatus, verdict: Verdict, status: JobStatus) -> Object:
        """Write the status if it differs from the one that was `before`; the job as it is then."""
        metadata, now = job["metadata"], self._clock()
        new = status.model_copy(
            update={
                "controller": str(self._installation),
                "observed_generation": metadata["generation"],
                "conditions": conditions(verdict, before.conditions, metadata["generation"], now),
            }
        )
        if not differs(new, before):
            return job
        return self._api.apply(
            _body(metadata) | {"status": new.to_json()},
            subresource="status",
            resource_version=metadata["resourceVersion"],
        )

    def tell(self, job: Object, before: JobStatus, verdict: Verdict) -> None:
        """Post an Event if a person would call it a change since the status that was `before`."""
        if is_transition(before.conditions, verdict):
            log.info("condition changed", state=verdict.state, reason=verdict.reason)
            post_transition(self._api, job, verdict, self._clock())


def _body(metadata: Mapping[str, Any]) -> Object:
    place = {name: metadata[name] for name in ("name", "namespace")}
    return {"apiVersion": names.API_VERSION, "kind": names.KIND, "metadata": place}
