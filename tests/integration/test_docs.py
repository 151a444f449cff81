"""The documentation's commands, run unchanged.

A block of shell commands is run where `<!-- run -->` is above it. One that is run
in order is run by the test of its page. Each other one says what does.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dev.paths import REPOSITORY
from tests.documentation import Block, blocks

pytestmark = pytest.mark.cluster


def test_every_block_is_run_or_says_why_not() -> None:
    assert [block for block in blocks() if block.mark is None] == []


@pytest.mark.parametrize(
    "block", [block for block in blocks() if block.mark == "run"], ids=lambda block: block.page
)
def test_the_commands_work(block: Block, tmp_path: Path) -> None:
    script = tmp_path / "script.sh"
    environment = 'eval "$(.venv/bin/python -m dev env)"\nexport PATH="$PWD/.venv/bin:$PATH"\n'
    script.write_text(f"set -eu -o pipefail\n{environment}{block.code}")
    done = subprocess.run(
        ["bash", script], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{block.code}\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}"
