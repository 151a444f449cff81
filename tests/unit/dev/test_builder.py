"""How images are pushed with each builder, by stand-ins that note how they were called."""

from __future__ import annotations

from pathlib import Path

import pytest

from dev.release.images.builder import Builder

DIGEST = f"sha256:{'a' * 64}"
# Notes its arguments; writes the digest where it is to be, and says it as docker does.
PROGRAM = f"""#!/bin/sh
echo "$@" >> "$0.calls"
while [ $# -gt 0 ]; do
  [ "$1" = --digestfile ] && printf '{DIGEST}\\n' > "$2"
  shift
done
echo "1: digest: {DIGEST} size: 1"
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("docker", "podman", "buildah"):
        (tmp_path / name).write_text(PROGRAM)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_docker_pushes_under_the_name_in_the_registry(calls: Path) -> None:
    assert Builder("docker").push("localhost/a:1", "r.example/a:1") == DIGEST
    said = (calls / "docker.calls").read_text().splitlines()
    assert said == ["tag localhost/a:1 r.example/a:1", "push r.example/a:1"]


@pytest.mark.parametrize("command", ["podman", "buildah"])
@pytest.mark.parametrize(
    ("registry", "is_plain"), [("r.example", False), ("localhost:5000/a", True)]
)
def test_podman_and_buildah_speak_plain_http_to_this_machine_only(
    calls: Path, command: str, registry: str, is_plain: bool
) -> None:
    assert Builder(command).push("localhost/a:1", f"{registry}/a:1") == DIGEST
    (said,) = (calls / f"{command}.calls").read_text().splitlines()
    assert said.endswith(f"localhost/a:1 docker://{registry}/a:1")
    assert ("--tls-verify=false" in said) is is_plain


@pytest.mark.parametrize("command", ["docker", "podman"])
def test_another_platform_is_asked_for_by_name(calls: Path, command: str, tmp_path: Path) -> None:
    Builder(command).build(["a:1"], tmp_path / "Dockerfile", tmp_path, {}, platform="linux/arm64")
    (said,) = (calls / f"{command}.calls").read_text().splitlines()
    assert "--platform linux/arm64" in said
