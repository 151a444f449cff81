"""The cluster that is worked with: the embedded one, or the user's own by DEV_KUBECONFIG."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from dev.cluster.toolchain import programs
from dev.paths import ADMIN_KUBECONFIG
from dev.steps import StepFailed, capture


def own_kubeconfig() -> Path | None:
    """The kubeconfig of the user's own cluster, if one is to be used."""
    value = os.environ.get("DEV_KUBECONFIG")
    return Path(value).expanduser() if value else None


def kubeconfig() -> Path:
    """The kubeconfig in use."""
    return own_kubeconfig() or ADMIN_KUBECONFIG


def kubectl_path() -> str:
    """The user's kubectl for the user's cluster, ours for ours."""
    if own_kubeconfig() is None:
        return str(programs.kubectl())
    found = shutil.which("kubectl")
    if found is None:
        raise StepFailed("kubectl is not on the PATH: install it to use a cluster of your own")
    return found


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    """Run kubectl against the cluster in use; raises `StepFailed` with what it said."""
    command = [kubectl_path(), "--kubeconfig", str(kubeconfig()), *arguments]
    return capture(command, stdin=None if stdin is None else stdin.encode())


def helm(*arguments: str, stdin: str | None = None) -> str:
    """Run helm against the cluster in use."""
    command = [str(programs.HELM / "helm"), "--kubeconfig", str(kubeconfig()), *arguments]
    return capture(command, stdin=None if stdin is None else stdin.encode())
