"""A thousand jobs: the controller beside a bare client that makes the same writes."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from dev.cluster.toolchain.programs import build_programs
from tests.cluster import eventually
from tests.faults import crowd
from tests.faults.arena import Arena
from tests.faults.control_plane import control_plane
from tests.faults.zygote import Zygote


def measure(count: int) -> list[tuple[str, str]]:
    """What is measured, and how much it is."""
    build_programs()
    names = [f"job-{number:04}" for number in range(count)]
    zygote = Zygote()
    with tempfile.TemporaryDirectory() as folder:
        try:
            with control_plane(Path(folder)) as plane, Arena(plane, zygote, Path(folder)) as arena:
                return _measure(arena, names)
        finally:
            zygote.stop()


def _measure(arena: Arena, names: list[str]) -> list[tuple[str, str]]:
    crowd.create_jobs(arena, names)
    arena.start_controller(resync_seconds=300)
    created = crowd.wait_until_all_are_ready(arena, len(names))
    memory = crowd.peak_memory(arena)
    arena.kill()
    bare = crowd.bare_writes(arena, names, f"{arena.namespace}-bare")
    writes = arena.proxy.writes
    started = time.monotonic()
    arena.start_controller(resync_seconds=300)
    eventually(lambda: crowd.reconciled(arena) >= len(names), "all are looked at", 600, at_most=0.2)
    restarted = time.monotonic() - started
    rewritten = arena.proxy.writes - writes
    latencies = crowd.edit_latencies(arena, names, edits=len(names) // 2, pause=0.05)
    middle, last = (latencies[int(len(latencies) * share)] for share in (0.5, 0.99))
    return [
        (f"{len(names)} jobs deployed from nothing", f"{created:.1f} s"),
        ("a bare client making the same writes", f"{bare:.1f} s"),
        ("ratio", f"{created / bare:.2f}"),
        ("restart until every job is looked at", f"{restarted:.1f} s, {rewritten} writes"),
        ("ratio to the bare client", f"{restarted / bare:.2f}"),
        ("most memory held", f"{max(memory, crowd.peak_memory(arena)):.0f} MiB"),
        ("from an edit to the child, median", f"{middle * 1000:.0f} ms"),
        ("from an edit to the child, 99th percentile", f"{last * 1000:.0f} ms"),
    ]
