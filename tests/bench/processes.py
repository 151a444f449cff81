"""CPU time of the processes that share the machine, by what they are."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

_TICK = 10**9 // os.sysconf("SC_CLK_TCK")
"""Nanoseconds."""

# What a process is, by words of its command line; the first that fits.
_KINDS: dict[str, Callable[[str], bool]] = {
    "Cassandra": lambda command: "CassandraDaemon" in command,
    "Kafka": lambda command: "kafka.Kafka" in command,
    "JVM": lambda command: any(
        each in command for each in ("org.apache.flink.runtime", "org.apache.spark.deploy")
    ),
    "Python": lambda command: any(
        each in command for each in ("pyflink.fn_execution", "tests/bench/incumbents")
    ),
}
KINDS = tuple(_KINDS)
# What a thread does, by the beginning of its name.
_THREADS = {
    "compiles": ("C1 Comp", "C2 Comp"),
    "collects garbage": ("GC Thread", "G1 "),
    "runs the task": ("Source: ",),
    "fetches from Kafka": ("Source Data Fet",),
    "talks to Python": ("grpc-", "pool-"),
}
_REST = "all else: REST, metrics, heartbeats"


def cpu_nanoseconds() -> Counter[str]:
    """CPU time so far, user and system, of all processes of each kind."""
    found: Counter[str] = Counter()
    for kind, process in _processes():
        found[kind] += _spent(process)
    return found


def jvm_thread_nanoseconds() -> Counter[str]:
    """CPU seconds so far of the threads of Flink's and Spark's JVMs, by what they do."""
    found: Counter[str] = Counter()
    for kind, process in _processes():
        for thread in (process / "task").glob("[0-9]*") if kind == "JVM" else ():
            try:
                name = (thread / "comm").read_text()
            except OSError:
                continue
            does = next((does for does, begin in _THREADS.items() if name.startswith(begin)), _REST)
            found[does] += _spent(thread)
    return found


def _processes() -> Iterator[tuple[str, Path]]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended
            continue
        kind = next((name for name, fits in _KINDS.items() if fits(command)), None)
        if kind is not None:
            yield kind, entry


def _spent(entry: Path) -> int:
    try:
        fields = (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(fields[11]) + int(fields[12])) * _TICK
