"""The jobs in the controller's metrics: each one's condition, the rollouts, who holds them up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from program_user_info_operator.metrics import PREFIX
from program_user_info_operator.reconcile.jobs_index import JobsIndex

_JOB = ["job_namespace", "lern_sunbird_org_job"]
"""As the metrics of the jobs' own pods have it; `job` and `namespace` are Prometheus' own."""


class JobMetrics(Collector):
    """Counted when they are asked for, by the process that leads and no other."""

    def __init__(self, index: JobsIndex, is_leading: Callable[[], bool]) -> None:
        self._index = index
        self._is_leading = is_leading

    def register(self) -> None:
        """Serve them with all other metrics of the process."""
        REGISTRY.register(self)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """All of them."""
        if not self._is_leading():
            return
        yield _gauge(
            "jobs",
            "Jobs by condition and reason.",
            ["condition", "reason"],
            ((list(labels), count) for labels, count in self._index.counts().items()),
        )
        yield _gauge(
            "job_ready",
            "Whether a job is Ready.",
            _JOB,
            (
                ([key.namespace, key.name], float(condition == "Ready"))
                for key, (condition, _) in self._index.states().items()
            ),
        )
        yield _gauge(
            "job_stalled",
            "Whether a job is Stalled: you have to change something.",
            [*_JOB, "reason"],
            (
                ([key.namespace, key.name, reason], 1.0)
                for key, (condition, reason) in self._index.states().items()
                if condition == "Stalled"
            ),
        )
        yield _gauge(
            "rollout_jobs",
            "Jobs by their stage with the release, their profile and their Secrets.",
            ["change", "stage"],
            ((list(labels), count) for labels, count in self._index.stages().items()),
        )
        holders = self._index.holders()
        yield _gauge(
            "rollout_held_up_jobs",
            "Number of jobs that wait for this job.",
            _JOB,
            (([key.namespace, key.name], count) for key, (count, _) in holders.items()),
        )
        yield _gauge(
            "rollout_held_up_seconds",
            "How long this job has held up others.",
            _JOB,
            (([key.namespace, key.name], seconds) for key, (_, seconds) in holders.items()),
        )


def _gauge(
    name: str, text: str, labels: list[str], samples: Iterable[tuple[list[str], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family
