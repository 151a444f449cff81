"""What glibc's allocator does with a call's buffers once they are freed."""

from __future__ import annotations

import ctypes

# Numbers of `malloc.h`.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_BUFFER = 32 << 20
"""The largest `M_MMAP_THRESHOLD` that every glibc takes."""
_SMALL_BUFFER = 1 << 20
_MANY_EVENTS = 5_000
"""In calls with fewer events, which then are large ones, nobody notices the kernel's share."""


def manage_freed_memory(events_in_a_call: int) -> bool:
    """Keep the buffers of one call for the next, or give them back; False where it cannot be told.

    A call's bytes are several buffers of some 25 MB each. On its own glibc maps and unmaps some of
    them, and the kernel clears every page again: with ordinary events a sixth of the Python
    process's CPU (docs/decisions/0020-rows-are-encoded-as-they-are-made.md). So they are kept, but
    not for large events: gRPC receives each message with another thread, every thread keeps buffers
    of its own, and those of large events took all memory of a TaskManager
    (docs/decisions/0017-memory-by-bytes.md).
    """
    if events_in_a_call < _MANY_EVENTS:
        options = {_MMAP_THRESHOLD: _SMALL_BUFFER}
    else:
        options = {_MMAP_THRESHOLD: _LARGEST_BUFFER, _TRIM_THRESHOLD: 8 * _LARGEST_BUFFER}
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    refused = [option for option, value in options.items() if not set_option(option, value)]
    return not refused
