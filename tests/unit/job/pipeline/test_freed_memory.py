"""What the allocator is told, whichever it is."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import pytest

from program_user_info_job.pipeline.freed_memory import manage_freed_memory

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
GLIBCS_LIMIT = 32 << 20


@pytest.mark.parametrize("taken", [True, False])
def test_large_buffers_are_kept_by_glibc(monkeypatch: pytest.MonkeyPatch, taken: bool) -> None:
    told = allocator(monkeypatch, taken=taken)
    assert manage_freed_memory(15_000) is taken
    assert told.keys() == {M_TRIM_THRESHOLD, M_MMAP_THRESHOLD}
    assert 24 << 20 < told[M_MMAP_THRESHOLD] <= GLIBCS_LIMIT
    assert told[M_TRIM_THRESHOLD] > 4 * told[M_MMAP_THRESHOLD]


def test_those_of_calls_with_few_events_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a mapping of its own, which goes when it is freed, and glibc keeps to that."""
    told = allocator(monkeypatch)
    assert manage_freed_memory(1_250) is True
    assert told == {M_MMAP_THRESHOLD: 1 << 20}


def allocator(monkeypatch: pytest.MonkeyPatch, *, taken: bool = True) -> dict[int, int]:
    """What a glibc that takes an option, or does not, has been told."""
    told: dict[int, int] = {}

    def mallopt(option: int, value: int) -> int:
        told[option] = value
        return int(taken)

    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace(mallopt=mallopt))
    return told


def without_mallopt(_: object) -> Any:
    return SimpleNamespace()


def without_a_library(_: object) -> Any:
    raise OSError


@pytest.mark.parametrize("library", [without_mallopt, without_a_library])
def test_another_c_library_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch, library: Any) -> None:
    monkeypatch.setattr(ctypes, "CDLL", library)
    assert not manage_freed_memory(1)
