"""CPU time of the processes that share the machine, by what they are."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")

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


def cpu_seconds() -> Counter[str]:
    """CPU seconds so far, user and system, of all processes of each kind."""
    found: Counter[str] = Counter()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        kind = next((name for name, fits in _KINDS.items() if fits(command)), None)
        if kind is not None:
            found[kind] += (int(fields[11]) + int(fields[12])) / _TICKS
    return found
