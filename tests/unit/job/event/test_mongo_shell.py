"""Documents of the Mongo shell, read as JSON."""

from __future__ import annotations

import time

import pytest

from program_user_info_job.event.mongo_shell import to_json


@pytest.mark.parametrize("unit", [b'\\"', b'"', b'ISODate("', b'ISODate("\\'])
def test_the_shell_reader_is_linear_in_hostile_input(unit: bytes) -> None:
    def once(payload: bytes) -> float:
        started = time.thread_time()
        to_json(payload)
        return time.thread_time() - started

    def seconds(size: int) -> float:
        payload = b'{"a": ISODate("x"), "b": "' + unit * (size // len(unit))
        return min(once(payload) for _ in range(3))

    seconds(1_000)
    # Quadratic reading would take 256 times as long for sixteen times the input.
    assert seconds(1_600_000) < 100 * max(seconds(100_000), 1e-3)
