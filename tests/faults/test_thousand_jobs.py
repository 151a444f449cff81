"""A thousand jobs in one controller. How fast it is, `make bench` says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import eventually
from tests.faults import crowd
from tests.faults.arena import Arena
from tests.faults.control_plane import control_plane
from tests.faults.zygote import Zygote

pytestmark = pytest.mark.cluster
_JOBS = [f"job-{number:04}" for number in range(1000)]


@pytest.fixture
def arena(zygote: Zygote, tmp_path: Path) -> Iterator[Arena]:
    """In a control plane of its own, where nobody plays the Flink operator."""
    with control_plane(tmp_path) as plane, Arena(plane, zygote, tmp_path) as arena:
        yield arena


def test_a_thousand_jobs_fit_into_one_controller(arena: Arena) -> None:
    crowd.create_jobs(arena, _JOBS)
    arena.start_controller(resync_seconds=300)
    crowd.wait_until_all_are_ready(arena, len(_JOBS))
    writes = arena.proxy.writes
    assert crowd.peak_memory(arena) < 200
    arena.kill()

    arena.start_controller(resync_seconds=300)
    eventually(lambda: crowd.reconciled(arena) >= len(_JOBS), "all are looked at", timeout=300)
    assert arena.proxy.writes == writes
    latencies = crowd.edit_latencies(arena, _JOBS, edits=100, pause=0.05)
    assert len(latencies) == 100
    assert crowd.peak_memory(arena) < 200
