"""The collector's settings, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import gc
from program_user_info_job.pipeline.garbage_collection import spare_the_collector
spare_the_collector()
print(gc.isenabled(), gc.get_freeze_count() > 0, gc.get_threshold()[0] > 700)
"""


def test_cycles_are_still_looked_for_but_seldom() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "True"]
