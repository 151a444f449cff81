"""Looks at what only explains: pods, logs, Flink's REST interface.

It is asked after everything is written, takes seconds at most, and its failure changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from program_user_info_operator.cluster.api_server import POD, ApiError, ApiServer
from program_user_info_operator.cluster.flink_rest import FlinkRest
from program_user_info_operator.observed.failure import (
    Failure,
    find_failure,
    has_restarted,
    newest,
)
from program_user_info_operator.observed.flink_deployment import ObservedJob
from program_user_info_operator.observed.flink_job import FlinkJob, read_flink_job

Object = dict[str, Any]

_LOG_LINES = 400


class Explainer:
    """Safe to use from several threads."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api

    def failure(self, namespace: str, name: str, observed: ObservedJob) -> Failure | None:
        """Why a FlinkDeployment does not run, as far as pods, log and status tell."""
        try:
            pods = self._api.list_objects(
                POD, namespace, f"app={name},type=flink-native-kubernetes", explains=True
            )
        except ApiError:
            pods = []
        job_manager = newest(pods, "jobmanager")
        log = "" if job_manager is None else self._log(job_manager)
        return find_failure(pods, log, observed.error)

    def flink_job(self, namespace: str, name: str, observed: ObservedJob) -> FlinkJob | None:
        """What Flink says of a running job; None where it does not answer."""
        if observed.job_id is None:
            return None
        rest, path = FlinkRest(self._api, namespace, name), f"jobs/{observed.job_id}"
        job = _mapping(rest.get(path))
        return read_flink_job(job, _mapping(rest.get(f"{path}/checkpoints"))) if job else None

    def _log(self, pod: Mapping[str, Any]) -> str:
        """A restarted container has not logged anything yet: the log before the restart counts."""
        read = partial(
            self._api.read_log,
            pod["metadata"]["namespace"],
            pod["metadata"]["name"],
            lines=_LOG_LINES,
        )
        before = read(previous=True) if has_restarted(pod) else ""
        return f"{before}\n{read()}"


def _mapping(answer: Any) -> Object | None:
    return answer if isinstance(answer, dict) else None
