"""Which platforms images are built for, by what the machine and its builder say."""

from __future__ import annotations

from pathlib import Path

import pytest

from dev.release.images import platforms
from dev.steps import StepFailed

BOTH = ["linux/amd64", "linux/arm64"]


@pytest.fixture(autouse=True)
def _on_amd64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platforms, "native", lambda: "linux/amd64")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("", ["linux/amd64"]),
        ("linux/arm64", ["linux/arm64"]),
        ("linux/amd64, linux/arm64", BOTH),
    ],
)
def test_what_is_named_is_built_else_this_machines_own(wanted: str, expected: list[str]) -> None:
    assert platforms.choose(wanted, BOTH) == expected


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("linux/riscv64", "linux/riscv64: choose from linux/amd64, linux/arm64"),
        ("linux/amd64,linux/arm64", "linux/arm64: this machine cannot build for it"),
    ],
)
def test_what_cannot_be_built_is_refused_by_name(wanted: str, said: str) -> None:
    with pytest.raises(StepFailed, match=said):
        platforms.choose(wanted, ["linux/amd64"])


def test_the_kernel_tells_which_programs_it_has_emulated(tmp_path: Path) -> None:
    assert platforms.of_the_kernel(tmp_path) == ["linux/amd64"]
    (tmp_path / "qemu-aarch64").touch()
    (tmp_path / "qemu-riscv64").touch()
    assert platforms.of_the_kernel(tmp_path) == BOTH


def test_buildx_tells_its_platforms() -> None:
    said = "Name: default\nPlatforms: linux/amd64*, linux/arm64, linux/386\nStatus: running\n"
    assert platforms.of_buildx(said) == BOTH
    assert platforms.of_buildx("") == ["linux/amd64"]


def test_docker_says_the_digest_of_what_it_pushed() -> None:
    digest = f"sha256:{'0' * 64}"
    assert platforms.pushed_digest(f"latest: digest: {digest} size: 1578\n") == digest
    with pytest.raises(StepFailed, match="names no digest: denied"):
        platforms.pushed_digest("denied")


def test_only_another_machines_tag_says_which() -> None:
    assert [platforms.suffix(each) for each in (None, *BOTH)] == ["", "", "-arm64"]
