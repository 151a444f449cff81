"""Send events to the input topic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaException, Message, Producer

from program_user_info_job.config.model import Kafka
from program_user_info_job.kafka.client_properties import librdkafka_properties

_FLUSH_TIMEOUT = 60.0
_OPTIONS = {
    "linger.ms": "20",
    # The topic's own limit decides what is too large: it counts compressed bytes.
    "message.max.bytes": "1000000000",
    "compression.type": "gzip",
}
Headers = Sequence[tuple[str, bytes | None]]


class ProduceError(Exception):
    """Not every event was acknowledged; the message says how many and what to check."""


class EventSender:
    """Sends events unchanged; leaving the context waits for the acknowledgements."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka
        self._producer = Producer(librdkafka_properties(kafka) | _OPTIONS)
        self._failures: list[str] = []
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def send(
        self,
        event: bytes | None,
        timestamp: int = 0,
        topic: str | None = None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
    ) -> None:
        """Queue one event; `timestamp` in milliseconds, 0 is now. Raises `ProduceError`.

        It goes to `topic`, default the input topic.
        """
        self.count += 1
        number = self.count

        def delivered(error: object, _: Message) -> None:
            if error is not None:
                self._failures.append(f"event {number}: {error}")

        while True:
            try:
                self._producer.produce(
                    topic or self._kafka.topic,
                    event,
                    key,
                    headers=list(headers),
                    timestamp=timestamp,
                    on_delivery=delivered,
                )
                break
            except BufferError:
                self._producer.poll(0.5)
            except KafkaException as error:
                raise ProduceError(f"event {number}: {error.args[0].str()}") from error
        self._producer.poll(0)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        left = self._producer.flush(_FLUSH_TIMEOUT)
        if kind is None and (left or self._failures):
            first = self._failures[0] if self._failures else "no acknowledgement"
            raise ProduceError(
                f"{left + len(self._failures)} of {self.count} events were not acknowledged by"
                f" {', '.join(self._kafka.bootstrap_servers)} ({first}); check the brokers and the"
                f" topic {self._kafka.topic}, then send them again: repeats are harmless"
            )


def send(kafka: Kafka, events: Iterable[bytes]) -> int:
    """Send each event and wait for the acknowledgements; the number sent. Raises `ProduceError`."""
    with EventSender(kafka) as sender:
        for event in events:
            sender.send(event)
    return sender.count
