"""A product image's tag follows its sources, and nothing that is made from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dev.release.images import catalogue


def test_what_is_made_beside_the_sources_changes_no_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "REPOSITORY", tmp_path)

    def tag_with(name: str) -> str:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("content", encoding="utf-8")
        return catalogue._Product("job").image().tag

    for name in ("pyproject.toml", "uv.lock"):
        (tmp_path / name).write_text("content", encoding="utf-8")
    before = tag_with("job/src/job/fast.c")
    assert tag_with("job/src/job/fast.abi3.so") == before
    assert tag_with("job/src/job.egg-info/SOURCES.txt") == before
    assert tag_with("job/src/job/__pycache__/slow.pyc") == before
    assert tag_with("job/src/job/slow.py") != before
