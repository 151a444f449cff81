"""What is not there yet is waited for, and said."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from program_user_info_job.failure import FailureReason, JobFailure
from program_user_info_job.pipeline.waiting import wait_for

AWAY = JobFailure(FailureReason.KAFKA_UNREACHABLE, "kafka.bootstrapServers: no answer")
REFUSED = JobFailure(FailureReason.KAFKA_REFUSED, "kafka.security: correct the Secret")


class World:
    """A clock that sleeping moves on, and what was said when."""

    def __init__(self) -> None:
        self.now = 0.0
        self.said: list[tuple[float, str]] = []

    def wait_for(self, step: Callable[[], str]) -> str:
        def sleep(seconds: float) -> None:
            assert 0 < seconds <= 15
            self.now += seconds

        def say(line: str) -> None:
            self.said.append((self.now, line))

        return wait_for("Kafka", step, say, sleep=sleep, clock=lambda: self.now)

    def until(self, moment: float, failure: Callable[[], JobFailure]) -> str:
        """Wait for a step that fails until this moment."""

        def step() -> str:
            if self.now < moment:
                raise failure()
            return "ready"

        return self.wait_for(step)


def test_what_is_there_is_not_spoken_of() -> None:
    world = World()
    assert world.wait_for(lambda: "ready") == "ready"
    assert world.said == []
    assert world.now == 0


def test_a_reason_is_said_at_once_then_once_a_minute_and_when_it_is_over() -> None:
    world = World()
    assert world.until(600, lambda: AWAY) == "ready"
    *reasons, end = world.said
    assert {line for _, line in reasons} == {AWAY.line()}
    times = [moment for moment, _ in reasons]
    assert times[0] == 0
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(60 <= gap <= 75 for gap in gaps)
    assert len(times) >= 8
    assert end[1].startswith("program_user_info_job.failure: [Reached] Kafka: ready after ")


def test_a_new_reason_is_said_at_once() -> None:
    world = World()
    world.until(40, lambda: AWAY if world.now < 5 else REFUSED)
    lines = [line for _, line in world.said]
    assert lines[:2] == [AWAY.line(), REFUSED.line()]
    assert len(lines) == 3


def test_any_other_error_is_not_waited_out() -> None:
    def step() -> str:
        raise KeyError("a mistake of ours")

    with pytest.raises(KeyError):
        World().wait_for(step)
