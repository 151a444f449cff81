"""Another commit beside this one."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.paths import REPOSITORY


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """The tree of a commit, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(REPOSITORY), "worktree"]
        subprocess.run(
            [*git, "add", "--detach", str(tree), commit], check=True, capture_output=True
        )
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def install(tree: Path) -> None:
    """The tree's own packages and locked dependencies, in its `.venv`."""
    uv = REPOSITORY / ".tools" / "bin" / "uv"
    sync = ("sync", "--quiet", "--frozen", "--all-packages", "--extra", "flink-1")
    subprocess.run([uv, *sync], cwd=tree, check=True)
