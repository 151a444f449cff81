"""Kubernetes Events, for transitions only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog

from program_user_info_operator.api import names
from program_user_info_operator.cluster.api_server import EVENT, ApiError, ApiServer
from program_user_info_operator.policy.conditions import Verdict

log = structlog.get_logger(__name__)


def post_transition(
    api: ApiServer, job: Mapping[str, Any], verdict: Verdict, now: datetime
) -> None:
    """Post the job's new state as an Event. An Event that cannot be posted is only logged."""
    metadata = job["metadata"]
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    failing = verdict.state == "Stalled" or verdict.is_failing
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{metadata['name']}-", "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": names.API_VERSION,
            "kind": names.KIND,
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        },
        "type": "Warning" if failing else "Normal",
        "reason": verdict.reason,
        "message": verdict.message[:1024],
        "source": {"component": names.FIELD_MANAGER},
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
    }
    try:
        api.create(EVENT, metadata["namespace"], event)
    except ApiError as error:
        log.warning("event not posted", error=str(error))
