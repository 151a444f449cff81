"""Java programs from Maven Central: the jars of a pom, copied to the cache by the pom's hash."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from dev.paths import CACHE, LOGS
from dev.steps import run, step


def fetch_jars(name: str, pom: Path, *, without: Sequence[str] = ()) -> Path:
    """The folder with all jars that the pom resolves to, but those of the groups in `without`."""
    key = hashlib.sha256(pom.read_bytes()).hexdigest()[:12]
    target = CACHE / "jars" / f"{name}-{key}"
    if target.exists():
        return target
    with step(f"fetch the jars of {name}"):
        partial = target.with_name(f".{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        run(
            [
                *("mvn", "--batch-mode", "--quiet", "--file", pom, "dependency:copy-dependencies"),
                *("-DincludeScope=runtime", f"-DexcludeGroupIds={','.join(without)}"),
                f"-DoutputDirectory={partial}",
            ],
            LOGS / f"jars-{name}.log",
        )
        partial.rename(target)
    return target
