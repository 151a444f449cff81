"""Several runs of each contender as one row: medians and spreads. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.bench.pipeline.machine import KINDS, MACHINE
from tests.bench.pipeline.measure import Cost, Run


@dataclass(frozen=True)
class Spread:
    """The median of some values, the least and the most of them."""

    median: float
    least: float
    most: float

    def text(self, form: str) -> str:
        """Such as `12,300 (11,900 to 12,600)`; the median alone where all values look alike."""
        median, least, most = (format(each, form) for each in (self.median, self.least, self.most))
        return median if least == most else f"{median} ({least} to {most})"


def spread(values: Iterable[float]) -> Spread:
    """Of at least one value."""
    some = sorted(values)
    return Spread(statistics.median(some), some[0], some[-1])


@dataclass(frozen=True)
class Summary:
    """All runs of one contender."""

    runs: tuple[Run, ...]

    @property
    def name(self) -> str:
        """The contender's."""
        return self.runs[0].name

    def rate(self) -> Spread:
        """Events per second."""
        return spread(each.events / each.seconds for each in self._costs())

    def micros(self, kind: str) -> Spread:
        """CPU per event, in microseconds, of a kind of process."""
        return self._micros(lambda cost: cost.cpu[kind])

    def known(self) -> Spread:
        """CPU per event of all processes that the bench started for this."""
        return self._micros(lambda cost: sum(cost.cpu[kind] for kind in KINDS))

    def own(self) -> Spread:
        """CPU per event of Python and the JVMs: without Cassandra's and Kafka's."""
        return self._micros(lambda cost: cost.cpu["Python"] + cost.cpu["JVM"])

    def machine(self) -> Spread:
        """CPU per event of the whole machine, whatever took it."""
        return self._micros(lambda cost: cost.cpu[MACHINE])

    def thread_micros(self, does: str) -> Spread:
        """CPU per event of the JVMs' threads that do this."""
        return self._micros(lambda cost: cost.threads[does])

    def other_threads(self) -> Spread:
        """CPU per event of the JVMs' other threads: start-up, REST, metrics, heartbeats."""
        return self._micros(lambda cost: cost.cpu["JVM"] - sum(cost.threads.values()))

    def memory(self) -> Spread:
        """MiB that Python and the JVMs held at most, all of them together."""
        return spread(each.memory["Python"] + each.memory["JVM"] for each in self._costs())

    def start_seconds(self) -> Spread:
        """From the start of the processes to the first event that is done."""
        return spread(each.start_seconds for each in self._costs())

    def start_cpu(self, kind: str) -> Spread:
        """CPU seconds of a kind of process until then."""
        return spread(each.start_cpu[kind] / 1e9 for each in self._costs())

    def latency(self) -> Spread | None:
        """Seconds from an event's arrival to its row, of all runs together."""
        found = [delay for each in self.runs for delay in each.latencies]
        return spread(found) if found else None

    def outcomes(self) -> str:
        """What was left; of more than one run, what differs from run to run."""
        return "; ".join(dict.fromkeys(str(each.outcome) for each in self.runs))

    def _costs(self) -> list[Cost]:
        return [each.cost for each in self.runs]

    def _micros(self, nanoseconds: Callable[[Cost], float]) -> Spread:
        return spread(nanoseconds(each) / each.events / 1e3 for each in self._costs())


def summaries(runs: Iterable[Run]) -> list[Summary]:
    """One for each contender, in the order of their first runs."""
    by_name: dict[str, list[Run]] = {}
    for each in runs:
        by_name.setdefault(each.name, []).append(each)
    return [Summary(tuple(some)) for some in by_name.values()]


def ratios(measured: Sequence[Summary], of: str, to: str) -> tuple[str, str] | None:
    """Events a second, and events for the same own CPU, beside another's; None: one is missing."""
    by_name = {each.name: each for each in measured}
    if of not in by_name or to not in by_name:
        return None
    ours, theirs = by_name[of], by_name[to]
    faster = ours.rate().median / theirs.rate().median
    own = theirs.own().median / ours.own().median
    return f"{faster:.1f}", f"{own:.1f}"


def wrong(measured: Iterable[Summary], exact: Callable[[str], bool]) -> list[str]:
    """Runs that left another outcome than the fold, of those that promise it."""
    return [
        f"{each.name}: {run.outcome}"
        for each in measured
        for run in each.runs
        if exact(each.name) and not run.outcome.is_right
    ]
