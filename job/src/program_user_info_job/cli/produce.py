"""Send events to the input topic."""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import KafkaException, Message, Producer

from program_user_info_job.config.kafka_client import librdkafka_properties
from program_user_info_job.config.model import Kafka

_FLUSH_TIMEOUT = 60.0


class ProduceError(Exception):
    """Not every event was acknowledged; the message says how many and what to check."""


def send(kafka: Kafka, events: Iterable[bytes]) -> int:
    """Send each event and wait for the acknowledgements; the number sent. Raises `ProduceError`."""
    failures: list[str] = []

    def delivered(error: object, _: Message) -> None:
        if error is not None:
            failures.append(str(error))

    producer = Producer(librdkafka_properties(kafka) | {"linger.ms": "20"})
    count = 0
    for count, event in enumerate(events, start=1):
        while True:
            try:
                producer.produce(kafka.topic, event, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.5)
            except KafkaException as error:
                raise ProduceError(f"event {count}: {error.args[0].str()}") from error
        producer.poll(0)
    left = producer.flush(_FLUSH_TIMEOUT)
    if left or failures:
        first = failures[0] if failures else "no acknowledgement"
        raise ProduceError(
            f"{left + len(failures)} of {count} events were not acknowledged by"
            f" {', '.join(kafka.bootstrap_servers)} ({first}); check the brokers and the topic"
            f" {kafka.topic}, then send the file again: repeats are harmless"
        )
    return count
