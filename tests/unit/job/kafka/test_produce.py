"""Events that are sent: unchanged, each acknowledged or told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from program_user_info_job.kafka import produce
from program_user_info_job.kafka.produce import EventSender, ProduceError, send
from tests.configuration import config

KAFKA = config().kafka


class Producer:
    """Acknowledges by what `answers` says of a payload; holds `room` events until it is polled."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes | None, dict[str, Any]]] = []
        self.answers: dict[bytes | None, object] = {}
        self.refused: dict[bytes | None, KafkaError] = {}
        self.room = 100
        self.unacknowledged = 0
        self._waiting: list[Callable[[], None]] = []

    def produce(self, topic: str, value: bytes | None, key: bytes | None, **how: Any) -> None:
        if value in self.refused:
            raise KafkaException(self.refused[value])
        if len(self._waiting) == self.room:
            raise BufferError
        on_delivery = how.pop("on_delivery")
        self.sent.append((topic, value, {"key": key} | how))
        self._waiting.append(lambda: on_delivery(self.answers.get(value), None))

    def poll(self, timeout: float) -> None:
        if timeout:
            self._answer()

    def flush(self, timeout: float) -> int:
        self._answer()
        return self.unacknowledged

    def _answer(self) -> None:
        for each in self._waiting:
            each()
        self._waiting = []


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch) -> Producer:
    producer = Producer()
    monkeypatch.setattr(produce, "Producer", lambda _: producer)
    return producer


def test_events_go_to_the_input_topic_as_they_stand(producer: Producer) -> None:
    payloads = [b'{"a": 1} ', b"", b"\xff"]
    assert send(KAFKA, payloads) == 3
    assert [(topic, payload) for topic, payload, _ in producer.sent] == [
        ("t", payload) for payload in payloads
    ]


def test_a_record_that_is_sent_again_is_as_it_was(producer: Producer) -> None:
    with EventSender(KAFKA) as sender:
        sender.send(None, 77, "more", key=b"k", headers=[("trace", None)])
    assert producer.sent == [
        ("more", None, {"key": b"k", "headers": [("trace", None)], "timestamp": 77})
    ]


@pytest.mark.parametrize("room", [1, 2, 100])
def test_a_full_queue_is_waited_for(producer: Producer, room: int) -> None:
    producer.room = room
    assert send(KAFKA, [b"1", b"2", b"3"]) == 3
    assert [payload for _, payload, _ in producer.sent] == [b"1", b"2", b"3"]


def told(first: str, count: int) -> str:
    return (
        f"{count} of 3 events were not acknowledged by a:1, b:2 ({first}); check the brokers and"
        " the topic t, then send them again: repeats are harmless"
    )


@pytest.mark.parametrize(
    ("answers", "unacknowledged", "message"),
    [
        ({b"2": "too large"}, 0, told("event 2: too large", 1)),
        ({b"3": "late", b"2": "too large"}, 0, told("event 2: too large", 2)),
        ({}, 2, told("no acknowledgement", 2)),
        ({b"1": "late"}, 1, told("event 1: late", 2)),
    ],
)
def test_what_is_not_acknowledged_is_counted_and_the_first_one_told(
    producer: Producer, answers: dict[bytes | None, object], unacknowledged: int, message: str
) -> None:
    producer.answers, producer.unacknowledged = answers, unacknowledged
    with pytest.raises(ProduceError) as caught:
        send(KAFKA, [b"1", b"2", b"3"])
    assert str(caught.value) == message


def test_an_event_that_the_client_refuses_is_told_by_its_number(producer: Producer) -> None:
    producer.refused = {b"2": KafkaError(KafkaError.MSG_SIZE_TOO_LARGE, "too large")}
    with pytest.raises(ProduceError, match=r"^event 2: too large$"):
        send(KAFKA, [b"1", b"2", b"3"])


def test_an_error_of_the_caller_is_not_hidden_by_what_was_not_acknowledged(
    producer: Producer,
) -> None:
    def events() -> Iterator[bytes]:
        yield b"1"
        raise KeyError

    producer.unacknowledged = 1
    with pytest.raises(KeyError):
        send(KAFKA, events())
