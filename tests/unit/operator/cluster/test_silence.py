"""How long a watch has said nothing while it could have."""

from __future__ import annotations

from program_user_info_operator.cluster.silence import Silence


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def silence() -> tuple[Silence[str], Clock]:
    clock = Clock()
    return Silence(clock), clock


def test_an_open_watch_is_silent_from_its_last_word_on() -> None:
    found, clock = silence()
    found.opened("jobs")
    clock.now = 50
    found.heard("jobs")
    clock.now = 60
    assert found.seconds() == {"jobs": 10}


def test_connecting_again_is_not_a_word() -> None:
    found, clock = silence()
    for _ in range(3):
        found.opened("jobs")
        clock.now += 70
        found.closed("jobs")
        clock.now += 30
    assert found.seconds() == {"jobs": 210}


def test_the_time_without_a_connection_does_not_count() -> None:
    found, clock = silence()
    found.opened("jobs")
    clock.now = 10
    found.closed("jobs")
    clock.now = 10_000
    assert found.seconds() == {"jobs": 10}
    found.opened("jobs")
    clock.now = 10_001
    assert found.seconds() == {"jobs": 11}


def test_each_watch_has_its_own_silence() -> None:
    found, clock = silence()
    found.opened("jobs")
    found.opened("config maps")
    clock.now = 30
    found.heard("jobs")
    assert found.seconds() == {"jobs": 0, "config maps": 30}
