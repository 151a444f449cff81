"""Platforms of images, such as linux/arm64, and what a builder says of them."""

from __future__ import annotations

import platform
import re
from pathlib import Path

from dev.steps import StepFailed

KNOWN = ("linux/amd64", "linux/arm64")
_MACHINES = {"x86_64": "linux/amd64", "aarch64": "linux/arm64", "arm64": "linux/arm64"}
_HANDLERS = {"qemu-x86_64": "linux/amd64", "qemu-aarch64": "linux/arm64"}
_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_DIGEST = re.compile(r"digest: (sha256:[0-9a-f]{64})")


def native() -> str:
    """What this machine runs."""
    return _MACHINES[platform.machine()]


def architecture(of: str) -> str:
    """As Debian and the OCI call it: the `arm64` of `linux/arm64`."""
    return of.rpartition("/")[2]


def suffix(of: str | None) -> str:
    """What the tag of an image for another machine ends in; nothing for this machine's."""
    return "" if of in (None, native()) else f"-{architecture(of or native())}"


def of_the_kernel(handlers: Path = _BINFMT) -> list[str]:
    """The machine's own platform, and those whose programs the kernel has emulated."""
    emulated = {_HANDLERS[name] for name in _HANDLERS if (handlers / name).exists()}
    return [each for each in KNOWN if each == native() or each in emulated]


def of_buildx(said: str) -> list[str]:
    """The same from what `docker buildx inspect` says; without it, this machine's alone."""
    lines = re.findall(r"^Platforms:(.*)$", said, re.MULTILINE)
    named = {each.strip(" *") for line in lines for each in line.split(",")} | {native()}
    return [each for each in KNOWN if each in named]


def choose(wanted: str, possible: list[str]) -> list[str]:
    """The platforms to build for: those named, with commas between, else this machine's own.

    Raises `StepFailed` for one that this machine cannot build for.
    """
    named = [each.strip() for each in wanted.split(",") if each.strip()] or [native()]
    unknown = [each for each in named if each not in KNOWN]
    if unknown:
        raise StepFailed(f"PLATFORMS: {', '.join(unknown)}: choose from {', '.join(KNOWN)}")
    missing = [each for each in named if each not in possible]
    if missing:
        raise StepFailed(
            f"PLATFORMS: {', '.join(missing)}: this machine cannot build for it. Install an"
            " emulator"
            " (Debian: qemu-user-static, binfmt-support, arch-test), or build on such a machine"
        )
    return named


def pushed_digest(said: str) -> str:
    """From what `docker push` says. Raises `StepFailed` where it says none."""
    found = _DIGEST.search(said)
    if found is None:
        raise StepFailed(f"docker push names no digest: {said.strip()[-300:]}")
    return found[1]
