"""The controller's own metrics, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_PREFIX = "program_user_info_operator"

RECONCILES = Counter(
    f"{_PREFIX}_reconciles_total",
    "Reconciliations by outcome: ok, retry (the API server stood in the way), error (a bug).",
    ["outcome"],
)
RECONCILE_SECONDS = Histogram(
    f"{_PREFIX}_reconcile_duration_seconds",
    "How long a reconciliation takes.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
QUEUE_DEPTH = Gauge(f"{_PREFIX}_queue_depth", "Jobs that wait to be reconciled.")
API_REQUESTS = Counter(
    f"{_PREFIX}_api_requests_total",
    "Requests to the API server by verb and status code (none: no answer).",
    ["verb", "code"],
)
WATCH_EVENTS = Gauge(
    f"{_PREFIX}_watch_last_event_timestamp_seconds", "When a watch last said something.", ["kind"]
)
WATCH_BEHIND = Gauge(
    f"{_PREFIX}_watch_objects_behind",
    "Objects whose latest version a watch has not delivered in time.",
    ["kind"],
)


class LiveCounts(Collector):
    """Counts that are taken when they are asked for."""

    def __init__(
        self,
        jobs: Callable[[], Mapping[tuple[str, str], int]],
        rollout: Callable[[], Mapping[Any, int]],
    ) -> None:
        self._jobs = jobs
        self._rollout = rollout

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Jobs by condition and reason, and by their stage in the rollout of the release."""
        jobs = GaugeMetricFamily(
            f"{_PREFIX}_jobs",
            "Jobs by the condition that is true of them, and its reason.",
            labels=["condition", "reason"],
        )
        for (condition, reason), count in self._jobs().items():
            jobs.add_metric([condition, reason], count)
        yield jobs
        rollout = GaugeMetricFamily(
            f"{_PREFIX}_rollout_jobs",
            "Jobs that are still to be rolled to this release, by stage; Failed halts it.",
            labels=["stage"],
        )
        for stage, count in self._rollout().items():
            rollout.add_metric([str(stage)], count)
        yield rollout

    def register(self) -> None:
        """Serve these counts with all other metrics of the process."""
        REGISTRY.register(self)
