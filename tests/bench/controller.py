"""A crowd of jobs: the controller beside a bare client that makes the same writes."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from dev.cluster.toolchain.programs import build_programs
from tests.cluster import eventually
from tests.faults import crowd
from tests.faults.arena import Arena
from tests.faults.control_plane import control_plane
from tests.faults.zygote import Zygote

_SECONDS_A_JOB = 0.6
"""Longer than that, on a busy machine, and something is wrong."""


@dataclass(frozen=True)
class Cost:
    """What a number of jobs costs: seconds, MiB, and how often a restart wrote."""

    jobs: int
    deployed: float
    bare: float
    restarted: float
    rewritten: int
    memory: float
    median: float
    last: float

    def rows(self) -> dict[str, str]:
        """What is measured, and how much it is."""
        return {
            "deployed from nothing": f"{self.deployed:.1f} s",
            "a bare client making the same writes": f"{self.bare:.1f} s",
            "ratio": f"{self.deployed / self.bare:.2f}",
            "restart until every job is looked at": (
                f"{self.restarted:.1f} s, {self.rewritten} writes"
            ),
            "ratio to the bare client": f"{self.restarted / self.bare:.2f}",
            "most memory held": f"{self.memory:.0f} MiB",
            "from an edit to the child, median": f"{self.median * 1000:.0f} ms",
            "from an edit to the child, 99th percentile": f"{self.last * 1000:.0f} ms",
        }


def measure(count: int) -> Cost:
    """The cost of `count` suspended jobs, in their own control plane."""
    build_programs()
    names = [f"job-{number:05}" for number in range(count)]
    zygote = Zygote()
    with tempfile.TemporaryDirectory() as folder:
        try:
            with (
                control_plane(Path(folder)) as plane,
                Arena(plane, zygote, Path(folder), is_direct=True) as arena,
            ):
                return _measure(arena, names)
        finally:
            zygote.stop()


def _measure(arena: Arena, names: list[str]) -> Cost:
    patience = max(600.0, _SECONDS_A_JOB * len(names))
    crowd.create_jobs(arena, names)
    arena.start_controller(resync_seconds=300)
    deployed = crowd.wait_until_all_are_ready(arena, len(names), patience)
    memory = crowd.peak_memory(arena)
    arena.kill()
    bare = crowd.bare_writes(arena, names, f"{arena.namespace}-bare")
    writes = arena.plane.written()
    started = time.monotonic()
    arena.start_controller(resync_seconds=300)
    eventually(
        lambda: crowd.reconciled(arena) >= len(names), "all are looked at", patience, at_most=0.2
    )
    restarted = time.monotonic() - started
    rewritten = arena.plane.written() - writes
    latencies = crowd.edit_latencies(arena, names, edits=min(500, len(names) // 2), pause=0.05)
    return Cost(
        jobs=len(names),
        deployed=deployed,
        bare=bare,
        restarted=restarted,
        rewritten=rewritten,
        memory=max(memory, crowd.peak_memory(arena)),
        median=crowd.percentile(latencies, 0.5),
        last=crowd.percentile(latencies, 0.99),
    )
