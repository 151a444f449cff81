"""A metric group of Flink that keeps what it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

Gauges = dict[str, Callable[[], int]]


class Metrics:
    """A metric group of Flink, and every metric of it."""

    def __init__(self, counts: Counter[str], gauges: Gauges, name: str = "") -> None:
        self._counts, self._gauges, self._name = counts, gauges, name

    def counter(self, name: str) -> Metrics:
        return Metrics(self._counts, self._gauges, f"{self._name}{name}")

    def gauge(self, name: str, value: Callable[[], int]) -> None:
        self._gauges[name] = value

    def add_group(self, key: str, value: str) -> Metrics:
        return Metrics(self._counts, self._gauges, f"{value}.")

    def inc(self, count: int) -> None:
        self._counts[self._name] += count


class Context:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.gauges: Gauges = {}

    def get_metric_group(self) -> Metrics:
        return Metrics(self.counts, self.gauges)

    def moments(self) -> list[int]:
        """Of the newest acknowledged event: of its record, and of its row."""
        return [self.gauges[f"newest_{each}_milliseconds"]() for each in ("record", "update")]
