"""One face for docker, podman and buildah."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dev import versions
from dev.cluster.toolchain.requirements import find_builder
from dev.paths import CACHE, LOGS
from dev.release.images import platforms
from dev.steps import capture, run, step

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

    def platforms(self) -> list[str]:
        """What images can be built for: this machine's platform, and those that are emulated."""
        if self._command != "docker":
            return platforms.of_the_kernel()
        said = subprocess.run(
            ["docker", "buildx", "inspect"], capture_output=True, text=True, check=False
        )
        return platforms.of_buildx(said.stdout)

    def base(self, platform: str | None = None) -> str:
        """The Debian base: pulled by docker and podman, made by mmdebstrap for buildah."""
        if not self._is_buildah:
            return f"debian:{versions.DEBIAN}-slim"
        architecture = platforms.architecture(platform or platforms.native())
        base = f"{_LOCAL_BASE}{platforms.suffix(platform)}"
        if not self.has(base):
            with step(f"make the base image of Debian {versions.DEBIAN} for {architecture}"):
                tar = CACHE / "base.tar"
                run(
                    [
                        *("mmdebstrap", "--variant=minbase", "--include=ca-certificates", *_SLIM),
                        *(f"--architectures={architecture}", "--aptopt=Acquire::Retries 3"),
                        *(versions.DEBIAN, tar),
                    ],
                    LOGS / "image-base.log",
                    advice="check the network and apt's sources",
                )
                self.from_tree(base, tar, command="/bin/sh", architecture=architecture)
                tar.unlink()
        return base

    def build(
        self,
        tags: list[str],
        dockerfile: Path,
        context: Path,
        arguments: Mapping[str, str],
        *,
        from_scratch: bool = False,
        platform: str | None = None,
    ) -> None:
        """Build a Dockerfile; the output is kept in the log of the first tag's name.

        Built `from_scratch`, no layer of an earlier build is used. Without a `platform`, it is this
        machine's.
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
        if from_scratch:
            options += ["--no-cache"]
        if platform:
            options += ["--platform", platform]
        for tag in tags:
            options += ["--tag", tag]
        for key, value in arguments.items():
            options += ["--build-arg", f"{key}={value}"]
        run(
            [self._command, "build", *options, "--file", dockerfile, context],
            LOGS / f"image-{name}.log",
            # Attestations would make an index of what is one image.
            env={"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"},
        )

    def from_tree(
        self, tag: str, content: Path, *, command: str, architecture: str | None = None
    ) -> None:
        """An image of one layer, the content of a tar or a single program."""
        container = capture([self._command, "from", "scratch"]).strip()
        capture([self._command, "add", "--quiet", container, content, "/"])
        options = ["--arch", architecture] if architecture else []
        capture([self._command, "config", "--cmd", command, *options, container])
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

    def push(self, image: str, destination: str) -> str:
        """Push an image to `registry/name:tag`; its digest there."""
        if self._command == "docker":
            capture(["docker", "tag", image, destination])
            return platforms.pushed_digest(capture(["docker", "push", destination]))
        # A registry on this machine speaks plain HTTP, which docker takes for granted.
        options = ["--tls-verify=false"] if destination.startswith("localhost:") else []
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "digest"
            options += ["--quiet", "--digestfile", str(file)]
            capture([self._command, "push", *options, image, f"docker://{destination}"])
            return file.read_text(encoding="ascii").strip()

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
