"""Flink's REST interface, through the API server's proxy: no port is forwarded by hand."""

from __future__ import annotations

from typing import Any

from program_user_info_operator.cluster.api_server import ApiServer
from program_user_info_operator.json_text import read_json
from program_user_info_operator.observed.flink_job import last_checkpoint
from program_user_info_operator.observed.flink_metrics import (
    AGGREGATES,
    FlinkMetrics,
    read_metrics,
    vertices,
    wanted_metrics,
)


class FlinkRest:
    """The interface of one FlinkDeployment."""

    def __init__(self, api: ApiServer, namespace: str, deployment: str) -> None:
        self._api, self._namespace, self._service = api, namespace, f"{deployment}-rest:rest"

    def get(self, path: str, **query: str) -> Any:
        """The answer, or None where there is none."""
        text = self._api.get_from_service(self._namespace, self._service, path, query)
        try:
            return read_json(text)
        except ValueError:
            return None

    def metrics(self, job_id: str) -> FlinkMetrics:
        """How the job is doing; empty where Flink does not answer."""
        found: list[Any] = []
        for vertex in vertices(self.get(f"jobs/{job_id}")):
            path = f"jobs/{job_id}/vertices/{vertex}/subtasks/metrics"
            wanted = wanted_metrics(self.get(path))
            if wanted:
                found += self.get(path, get=",".join(wanted), agg=AGGREGATES) or []
        return read_metrics(found, last_checkpoint(self.get(f"jobs/{job_id}/checkpoints")))
