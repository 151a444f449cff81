"""The body of an answer from somebody else's pod: it may drip, and may have no end."""

from __future__ import annotations

import time
from typing import Any

_BLOCK, _LONGEST = 64 << 10, 4 << 20


def read_short_answer(response: Any, seconds: float) -> bytes:
    """The body of a response of urllib3's. Raises `TimeoutError` where it does not end soon.

    A client's time-out is for each read: a byte now and then would hold a worker for ever.
    """
    end, found = time.monotonic() + seconds, b""
    while block := response.read1(_BLOCK):
        found += block
        if len(found) > _LONGEST or time.monotonic() > end:
            response.close()
            raise TimeoutError("the answer is too long, or takes too long")
    return found
