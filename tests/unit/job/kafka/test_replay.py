"""`replay`: what it sends, and which position it leaves for the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from program_user_info_job.config.model import Kafka
from program_user_info_job.event.rejection import Reason
from program_user_info_job.kafka import replay as replay_module
from program_user_info_job.kafka.replay import Replay, Selection, replay
from tests.configuration import DOCUMENT
from tests.unit.job.broker import Broker

KAFKA = msgspec.convert(DOCUMENT["kafka"], Kafka)
FAILED, GROUP = "t.failed", "g-replay"


class Sender:
    """Keeps what is sent; `on_send` is called before each event."""

    def __init__(self) -> None:
        self.sent: list[bytes | None] = []
        self.on_send: Callable[[], None] = lambda: None

    def __call__(self, _kafka: Kafka) -> Sender:
        return self

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def send(self, payload: bytes | None, moment: int, topic: str, **_: Any) -> None:
        self.on_send()
        self.sent.append(payload)

    def taken(self) -> list[bytes | None]:
        """What was sent since the last call."""
        sent, self.sent = self.sent, []
        return sent


@pytest.fixture
def sender(monkeypatch: pytest.MonkeyPatch) -> Sender:
    sender = Sender()
    monkeypatch.setattr(replay_module, "EventSender", sender)
    return sender


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    """Three dead letters in one partition."""
    broker = Broker()
    broker.serve(monkeypatch)
    broker.create(FAILED)
    broker.send(FAILED, 0, b"1", b"2", b"3", reason="INVALID_JSON")
    return broker


def position(broker: Broker) -> int | None:
    return broker.offsets(GROUP).get((FAILED, 0))


def test_a_limited_replay_is_continued(broker: Broker, sender: Sender) -> None:
    replay(KAFKA, Replay(limit=2))
    assert (sender.taken(), position(broker)) == ([b"1", b"2"], 2)
    replay(KAFKA, Replay())
    assert (sender.taken(), position(broker)) == ([b"3"], 3)


def test_a_replay_to_another_topic_moves_the_position_too(broker: Broker, sender: Sender) -> None:
    replay(KAFKA, Replay(to="elsewhere"))
    assert (sender.taken(), position(broker)) == ([b"1", b"2", b"3"], 3)
    replay(KAFKA, Replay())
    assert sender.taken() == []
    replay(KAFKA, Replay(from_position=False))
    assert sender.taken() == [b"1", b"2", b"3"]


def test_a_trial_of_all_leaves_the_position_alone(broker: Broker, sender: Sender) -> None:
    replay(KAFKA, Replay())
    sender.taken()
    replay(KAFKA, Replay(from_position=False, limit=1))
    assert (sender.taken(), position(broker)) == ([b"1"], 3)
    replay(KAFKA, Replay())
    assert sender.taken() == []


def test_a_trial_of_all_makes_no_position(broker: Broker, sender: Sender) -> None:
    replay(KAFKA, Replay(from_position=False, limit=2))
    assert position(broker) is None
    replay(KAFKA, Replay(limit=1))
    replay(KAFKA, Replay(from_position=False, limit=2))
    assert position(broker) == 1


@pytest.mark.parametrize("limit", [None, 4])
def test_a_replay_of_all_moves_the_position_to_the_end(
    broker: Broker, sender: Sender, limit: int | None
) -> None:
    replay(KAFKA, Replay(from_position=False, limit=limit))
    assert (sender.taken(), position(broker)) == ([b"1", b"2", b"3"], 3)


def test_a_position_that_another_replay_has_moved_on_stays(broker: Broker, sender: Sender) -> None:
    def another_ends() -> None:
        broker.groups[GROUP][FAILED, 0] = (3, "")

    sender.on_send = another_ends
    replay(KAFKA, Replay(limit=1))
    assert position(broker) == 3


def test_a_position_beyond_the_end_is_of_another_topic(broker: Broker, sender: Sender) -> None:
    broker.groups[GROUP] = {(FAILED, 0): (99, "")}
    replay(KAFKA, Replay())
    assert (sender.taken(), position(broker)) == ([b"1", b"2", b"3"], 3)


@pytest.mark.parametrize(
    "how",
    [Replay(dry_run=True), Replay(Selection(frozenset([Reason.INVALID_JSON])))],
)
def test_a_replay_that_leaves_something_out_moves_nothing(
    broker: Broker, sender: Sender, how: Replay
) -> None:
    replay(KAFKA, how)
    assert position(broker) is None
