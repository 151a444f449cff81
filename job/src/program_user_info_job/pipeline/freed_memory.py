"""glibc's allocator, told that what is freed is needed again in a second."""

from __future__ import annotations

import ctypes

# Numbers of `malloc.h`.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_BUFFER = 32 << 20
"""The largest `M_MMAP_THRESHOLD` that every glibc takes."""


def keep_freed_memory() -> bool:
    """Keep the buffers of one call for the next; False where the allocator cannot be told.

    A call's bytes are several buffers of some 25 MB each. On its own glibc maps and unmaps each of
    them, and the kernel clears every page again: a sixth of the Python process's CPU
    (docs/decisions/0020-rows-are-encoded-as-they-are-made.md).
    """
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return all(
        [
            set_option(_MMAP_THRESHOLD, _LARGEST_BUFFER),
            set_option(_TRIM_THRESHOLD, 8 * _LARGEST_BUFFER),
        ]
    )
