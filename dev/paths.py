"""Where things are: the checkout, the cache outside of it, and the running cluster's state."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
DEV = REPOSITORY / "dev"

CACHE = (
    Path(
        os.environ.get("PROGRAM_USER_INFO_CACHE")
        or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "program-user-info"
    )
    .expanduser()
    .absolute()
)
"""What is built or fetched, in folders named by version: safe to delete while nothing runs."""

BIN = CACHE / "bin"
LOGS = CACHE / "logs"
STATE = CACHE / "cluster"
"""The running cluster: certificates, etcd's data, pid files."""

CONTAINERD_ROOT = CACHE / "containerd"
CONTAINERD_STATE = Path("/run/program-user-info/containerd")
CONTAINERD_SOCKET = CONTAINERD_STATE / "containerd.sock"
ADMIN_KUBECONFIG = STATE / "config" / "admin.conf"
