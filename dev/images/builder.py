"""One face for docker, podman and buildah."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from dev import versions
from dev.paths import CACHE, LOGS
from dev.steps import capture, run, step
from dev.toolchain.requirements import find_builder

# What Debian's own slim images leave out.
_SLIM = [
    f"--dpkgopt=path-exclude=/usr/share/{folder}/*"
    for folder in ("doc", "groff", "info", "lintian", "locale", "man")
]
_LOCAL_BASE = f"localhost/debian:{versions.DEBIAN}-slim-{len(_SLIM)}"


class Builder:
    """Builds, knows and saves images with whichever builder is there."""

    def __init__(self, command: str | None = None) -> None:
        self._command = command or find_builder()

    def has(self, image: str) -> bool:
        """Whether the builder's store holds the image."""
        done = subprocess.run(self._inspection(image), capture_output=True, check=False)
        return done.returncode == 0

    def base(self) -> str:
        """The Debian base: pulled by docker and podman, made by mmdebstrap for buildah."""
        if not self._is_buildah:
            return f"debian:{versions.DEBIAN}-slim"
        if not self.has(_LOCAL_BASE):
            with step(f"make the base image of Debian {versions.DEBIAN}"):
                tar = CACHE / "base.tar"
                run(
                    [
                        *("mmdebstrap", "--variant=minbase", "--include=ca-certificates", *_SLIM),
                        *("--aptopt=Acquire::Retries 3", versions.DEBIAN, tar),
                    ],
                    LOGS / "image-base.log",
                    advice="check the network and apt's sources",
                )
                self.from_tree(_LOCAL_BASE, tar, command="/bin/sh")
                tar.unlink()
        return _LOCAL_BASE

    def build(
        self,
        tags: list[str],
        dockerfile: Path,
        context: Path,
        arguments: Mapping[str, str],
        *,
        anew: bool = False,
    ) -> None:
        """Build a Dockerfile; the output is kept in the log of the first tag's name.

        Built `anew`, no layer of an earlier build is used.
        """
        name = tags[0].rpartition("/")[2].partition(":")[0]
        options: list[str | Path] = []
        if self._is_buildah:
            options = ["--isolation", "chroot", "--network", "host", "--layers"]
            # The certificates that this machine trusts, for networks that have their own; a copy,
            # for packages write there. They stay out of the image.
            options += ["--volume", f"{_certificates()}:/etc/ssl/certs"]
        if self._command != "docker":
            # The same content is to be the same bytes, whenever it was built.
            options += ["--timestamp", "0"]
        if anew:
            options += ["--no-cache"]
        for tag in tags:
            options += ["--tag", tag]
        for key, value in arguments.items():
            options += ["--build-arg", f"{key}={value}"]
        run(
            [self._command, "build", *options, "--file", dockerfile, context],
            LOGS / f"image-{name}.log",
        )

    def from_tree(self, tag: str, content: Path, *, command: str) -> None:
        """An image of one layer, the content of a tar or a single program."""
        container = capture([self._command, "from", "scratch"]).strip()
        capture([self._command, "add", "--quiet", container, content, "/"])
        capture([self._command, "config", "--cmd", command, container])
        capture([self._command, "commit", "--quiet", "--rm", container, tag])

    def output(self, image: str, *command: str) -> str:
        """What a command says that is run in the image."""
        if not self._is_buildah:
            program, *arguments = command
            entry = ("--entrypoint", program, image)
            return capture([self._command, "run", "--rm", *entry, *arguments])
        container = capture(["buildah", "from", image]).strip()
        try:
            return capture(["buildah", "run", "--isolation", "chroot", container, "--", *command])
        finally:
            capture(["buildah", "rm", container])

    def layers(self, image: str) -> list[str]:
        """Digests of the image's layers."""
        said = json.loads(capture(self._inspection(image)))
        found: list[str] = (
            said["OCIv1"]["rootfs"]["diff_ids"] if self._is_buildah else said[0]["RootFS"]["Layers"]
        )
        return found

    def remove(self, image: str) -> None:
        """Forget an image."""
        capture([self._command, "rmi", image])

    def save(self, image: str, archive: Path) -> None:
        """Write a docker archive."""
        archive.unlink(missing_ok=True)
        archive.parent.mkdir(parents=True, exist_ok=True)
        if self._is_buildah:
            capture([self._command, "push", "--quiet", image, f"docker-archive:{archive}:{image}"])
        else:
            capture([self._command, "save", "--output", archive, image])

    def _inspection(self, image: str) -> list[str]:
        arguments = ("inspect", "--type", "image") if self._is_buildah else ("image", "inspect")
        return [self._command, *arguments, image]

    @property
    def _is_buildah(self) -> bool:
        return self._command == "buildah"


def _certificates() -> Path:
    copy = CACHE / "certificates"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree("/etc/ssl/certs", copy, ignore_dangling_symlinks=True)
    return copy
