"""Answers of other people's pods: read as far as they come soon, and no further."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from program_user_info_operator.cluster.short_answer import read_short_answer


class Response:
    """Hands over a block at each read; a read takes as many seconds as it is told."""

    def __init__(self, blocks: list[bytes], patch: pytest.MonkeyPatch, seconds: float = 0) -> None:
        self._blocks: Iterator[bytes] = iter([*blocks, b""])
        self._seconds, self._now = seconds, 100.0
        self.is_closed = False
        patch.setattr(time, "monotonic", lambda: self._now)

    def read1(self, most: int) -> bytes:
        self._now += self._seconds
        block = next(self._blocks)
        assert len(block) <= most
        return block

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize("blocks", [[], [b"a"], [b"a", b"b"], [b"x" * (64 << 10)] * 64])
def test_it_is_read_to_its_end(blocks: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    response = Response(blocks, monkeypatch, seconds=0.01)
    assert read_short_answer(response, 3.0) == b"".join(blocks)
    assert not response.is_closed


def test_one_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each read is in time, so that the client's own time-out never comes."""
    response = Response([b"x"] * 1000, monkeypatch, seconds=0.5)
    with pytest.raises(TimeoutError):
        read_short_answer(response, 3.0)
    assert response.is_closed


def test_one_that_is_endless_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    response = Response([b"x" * (64 << 10)] * 1000, monkeypatch)
    with pytest.raises(TimeoutError):
        read_short_answer(response, 3.0)
    assert response.is_closed
