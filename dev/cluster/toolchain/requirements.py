"""What the machine must have: all of it is checked before anything is built, in one message."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from dev.paths import LOGS
from dev.steps import StepFailed, run, step

_COMMANDS = {
    "go": "Go 1.25 or newer",
    "java": "a JDK 17 (openjdk-17-jdk)",
    "mvn": "Maven (maven)",
    "openssl": "OpenSSL (openssl)",
    "ip": "iproute2",
}
_PACKAGES = {
    "containerd": "containerd",
    "runc": "runc",
    "conntrack": "conntrack",
    "iptables": "iptables",
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "socat": "socat",
}


def check_build_tools() -> None:
    """Raise `StepFailed` naming every missing tool at once."""
    missing = [what for command, what in _COMMANDS.items() if shutil.which(command) is None]
    if missing:
        raise StepFailed("this machine lacks: " + "; ".join(missing) + ". Install them, then retry")


def install_packages() -> None:
    """Install the distribution packages that the embedded cluster needs, where root allows."""
    missing = sorted({name for probe, name in _PACKAGES.items() if shutil.which(probe) is None})
    if os.geteuid() != 0:
        wanted = f" and these packages: {' '.join(missing)}" if missing else ""
        raise StepFailed(
            f"the embedded cluster needs root{wanted}. Run as root, or set DEV_KUBECONFIG to the"
            " kubeconfig of a cluster of your own"
        )
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise StepFailed(f"install these (Debian names), then retry: {' '.join(missing)}")
    with step(f"install {' '.join(missing)}"):
        env = {"DEBIAN_FRONTEND": "noninteractive"}
        log = LOGS / "apt.log"
        run(["apt-get", "update"], log, env=env, advice="check the network and apt's sources")
        _install(missing, env)


def _install(packages: list[str], env: dict[str, str]) -> None:
    # A policy of "deny" keeps the distribution's own containerd from starting beside ours.
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        policy.chmod(0o755)
    try:
        run(
            ["apt-get", "install", "--yes", "--no-install-recommends", *packages],
            LOGS / "apt.log",
            env=env,
            advice=f"install by hand, then retry: {' '.join(packages)}",
        )
    finally:
        if ours:
            policy.unlink()


def find_builder() -> str:
    """The image builder at hand: a docker or podman that answers, else buildah."""
    for builder in ("docker", "podman"):
        if shutil.which(builder) and _answers(builder):
            return builder
    if shutil.which("buildah"):
        return "buildah"
    raise StepFailed("no image builder answers: install one of docker, podman, buildah")


def _answers(builder: str) -> bool:
    return subprocess.run([builder, "info"], capture_output=True, check=False).returncode == 0
