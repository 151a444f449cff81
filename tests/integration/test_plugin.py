"""`kubectl puij` as kubectl runs it, against the real API server."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from dev.cluster.target import kubeconfig, kubectl_path
from dev.paths import REPOSITORY
from tests.cluster import Namespace, eventually, job, settled

pytestmark = pytest.mark.cluster


def puij(namespace: Namespace, *arguments: str) -> str:
    """What a verb prints; kubectl finds the plugin on the PATH."""
    folders = [REPOSITORY / ".venv" / "bin", Path(kubectl_path()).parent, os.environ["PATH"]]
    environment = os.environ | {
        "PATH": ":".join(map(str, folders)),
        "KUBECONFIG": str(kubeconfig()),
        "COLUMNS": "200",
    }
    done = subprocess.run(
        [kubectl_path(), "puij", *arguments, "-n", namespace.name],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_verb_on_a_job(namespace: Namespace) -> None:
    namespace.apply(job(restartNonce=4))
    settled(namespace, "job")
    assert "Ready: Suspended" in puij(namespace, "explain", "job")
    assert "Created" in puij(namespace, "history", "job")
    assert "Suspended" in puij(namespace, "status")
    assert puij(namespace, "logs", "job") == ""
    for verb, field, value in (
        ("restart", "restartNonce", 5),
        ("resume", "state", "running"),
        ("suspend", "state", "suspended"),
        ("savepoint", "savepoint", {"triggerNonce": 1}),
        ("undo --to 1", "upgrade", {"revision": 1}),
        ("undo --end", "upgrade", {}),
    ):
        puij(namespace, *verb.split(), "job")
        found = namespace.get("puij", "job")
        assert found is not None
        assert found["spec"][field] == value
    puij(namespace, "pause", "job")
    eventually(lambda: "paused is set" in puij(namespace, "explain", "job"), "it is paused")
    puij(namespace, "pause", "--end", "job")
    # No storage is set: the controller says what a savepoint needs.
    eventually(
        lambda: "checkpoints.storage" in puij(namespace, "explain", "job"),
        "the savepoint is missed",
    )
