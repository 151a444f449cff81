"""Settings of Python's garbage collector for this program."""

from __future__ import annotations

import gc

_ALLOCATIONS = 100_000
"""Allocations between two collections of the youngest objects; Python's default is 700."""


def spare_the_collector() -> None:
    """Look for cycles seldom, and never again among what is there now.

    Tens of thousands of rows live for one batch and die by their reference counts; with Python's
    own thresholds a fifth of the CPU went into walking them
    (docs/decisions/0019-what-an-event-costs.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 20, 100)
