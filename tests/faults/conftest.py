"""One control plane for all fault tests; a proxy and controllers for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.arena import Arena
from tests.faults.control_plane import ControlPlane, control_plane
from tests.faults.flink import FlinkOperator
from tests.faults.zygote import Zygote


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with control_plane(tmp_path_factory.mktemp("control-plane")) as plane:
        flink = plane.flink = FlinkOperator(plane.api)
        flink.start()
        try:
            yield plane
        finally:
            flink.stop()


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    zygote = Zygote()
    yield zygote
    zygote.stop()


@pytest.fixture
def arena(plane: ControlPlane, zygote: Zygote, tmp_path: Path) -> Iterator[Arena]:
    with Arena(plane, zygote, tmp_path) as arena:
        yield arena
