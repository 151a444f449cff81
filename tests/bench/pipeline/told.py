"""A program that says in a file how many events it has done."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dev.cluster.processes import end
from dev.paths import REPOSITORY
from tests.bench.pipeline.measure import Running


@contextmanager
def told_by(command: Sequence[str | Path], folder: Path) -> Iterator[Running]:
    """Started with that file as its last argument; ended afterwards."""
    told, log = folder / "told", folder / "log"
    told.write_text("0", encoding="utf-8")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, told],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def processed() -> int:
        done = int(told.read_text(encoding="utf-8") or 0)
        if process.poll() is not None:
            raise AssertionError(log.read_text(encoding="utf-8", errors="replace")[-3000:])
        return done

    try:
        yield Running(processed, lambda: [process.pid])
    except AssertionError as error:
        error.add_note(log.read_text(encoding="utf-8", errors="replace")[-3000:])
        raise
    finally:
        end(process)
