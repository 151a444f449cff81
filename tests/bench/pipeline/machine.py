"""CPU time and memory: of the processes that the bench started, and of the whole machine."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

_PROC = Path("/proc")
_TICK = 10**9 // os.sysconf("SC_CLK_TCK")
"""Nanoseconds."""
KINDS = ("Python", "JVM", "Cassandra", "Kafka")
MACHINE = "machine"
"""All processes of the machine, also those that nobody here knows."""

# What a thread of Flink's or Spark's JVM does, by the beginning of its name.
_THREADS = {
    "compiles": ("C1 Comp", "C2 Comp"),
    "collects garbage": ("GC Thread", "G1 ", "VM Thread"),
    "runs the task": ("Source: ",),
    "fetches from Kafka": ("Source Data Fet",),
    "talks to Python": ("grpc-", "pool-"),
}
Sessions = Mapping[int, str | None]
"""Process sessions by id: what their processes are; None: JVM or Python, each by its name."""


def cpu_nanoseconds(sessions: Sessions) -> Counter[str]:
    """CPU time so far, user and system, by kind; the machine's as a whole beside it.

    Children that have ended count with those that are Python's: that is what Flink's JVMs start.
    """
    found = Counter({MACHINE: machine_nanoseconds((_PROC / "stat").read_text(encoding="ascii"))})
    for kind, process in _processes(sessions):
        own, ended = _spent(process)
        found[kind] += own
        found["Python" if kind == "JVM" else kind] += ended
    return found


def machine_nanoseconds(stat: str) -> int:
    """What `/proc/stat` says: all but idle, waiting for disks, and what other guests took."""
    user, nice, system, _idle, _iowait, irq, softirq = map(int, stat.split()[1:8])
    return (user + nice + system + irq + softirq) * _TICK


def jvm_thread_nanoseconds(sessions: Sessions) -> Counter[str]:
    """CPU time so far of the JVMs' threads of which it is known what they do.

    A thread that has ended is no longer in it: HotSpot's compilers come and go.
    """
    found: Counter[str] = Counter()
    for kind, process in _processes(sessions):
        for thread in (process / "task").glob("[0-9]*") if kind == "JVM" else ():
            try:
                name = (thread / "comm").read_text()
            except OSError:
                continue
            for does, begin in _THREADS.items():
                if name.startswith(begin):
                    found[does] += _spent(thread)[0]
    return found


def peak_mebibytes(sessions: Sessions) -> Counter[str]:
    """The most memory that the processes of each kind have held so far, each at its own time."""
    found: Counter[str] = Counter()
    for kind, process in _processes(sessions):
        for line in _read(process / "status").splitlines():
            if line.startswith("VmHWM:"):
                found[kind] += int(line.split()[1]) // 1024
    return found


def _processes(sessions: Sessions) -> Iterator[tuple[str, Path]]:
    for entry in _PROC.glob("[0-9]*"):
        name, fields = _stat(entry)
        session = int(fields[3]) if fields else 0
        if session not in sessions:
            continue
        kind = sessions[session]
        if kind is None:
            kind = "JVM" if name.startswith("java") else "Python"
        yield kind, entry


def _stat(entry: Path) -> tuple[str, list[str]]:
    """A process's or thread's name, and the fields after it, from its state on."""
    before, _, after = _read(entry / "stat").rpartition(")")
    return before.partition("(")[2], after.split()


def _spent(entry: Path) -> tuple[int, int]:
    """Its own time, and that of its children that have ended."""
    _, fields = _stat(entry)
    if not fields:
        return 0, 0
    user, system, ended_user, ended_system = map(int, fields[11:15])
    return (user + system) * _TICK, (ended_user + ended_system) * _TICK


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:  # it has ended
        return ""
