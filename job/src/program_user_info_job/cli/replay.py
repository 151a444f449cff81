"""Send dead-lettered events back to the topic that they came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from program_user_info_job.cli.produce import EventSender
from program_user_info_job.config.kafka_client import librdkafka_properties
from program_user_info_job.config.model import Kafka
from program_user_info_job.event.rejection import Reason

_TIMEOUT = 30.0


class ReplayError(Exception):
    """The dead-letter topic cannot be read; the message says what to check."""


@dataclass(frozen=True)
class Selection:
    """Which dead letters to send back: by reason, and by the time of the event's own record."""

    reasons: frozenset[Reason] = frozenset(Reason)
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, reason: str, moment: datetime) -> bool:
        """Whether a dead letter of this reason and time is selected; `until` is exclusive."""
        if reason not in self.reasons:
            return False
        return (self.since is None or moment >= self.since) and (
            self.until is None or moment < self.until
        )


def replay(kafka: Kafka, selection: Selection, *, dry_run: bool) -> Counter[str]:
    """Send each selected event once, with its own record's timestamp; the count per reason.

    Dead letters may repeat: source topic, partition and offset tell an event from another. Only
    what is there at the start is read, so an event that is rejected again is not sent again.
    Raises `ReplayError`, or `ProduceError` where not every event was acknowledged.
    """
    counts: Counter[str] = Counter()
    seen: set[tuple[str, str, str]] = set()
    with EventSender(kafka) as sender:
        for message in _dead_letters(kafka):
            headers = {name: value.decode() for name, value in message.headers() or []}
            place = tuple(
                headers.get(f"source-{part}", "") for part in ("topic", "partition", "offset")
            )
            moment = _moment(headers.get("source-timestamp"), message)
            reason = headers.get("reason", "")
            if place in seen or not selection.takes(reason, moment):
                continue
            seen.add((place[0], place[1], place[2]))
            counts[reason] += 1
            if not dry_run:
                sender.send(message.value(), round(moment.timestamp() * 1000), place[0])
    return counts


def _dead_letters(kafka: Kafka) -> Iterator[Message]:
    """Every record of the dead-letter topic up to its present end."""
    group = {"group.id": f"{kafka.group_id}-replay", "enable.auto.commit": "false"}
    consumer = Consumer(librdkafka_properties(kafka) | group)
    try:
        left = _ends(consumer, kafka.dead_letter_topic)
        consumer.assign([TopicPartition(kafka.dead_letter_topic, each, 0) for each in left])
        while left:
            for message in consumer.consume(1000, 1.0):
                partition, offset = message.partition() or 0, message.offset() or 0
                if offset + 1 >= left.get(partition, 0):
                    left.pop(partition, None)
                yield message
    except KafkaException as error:
        raise ReplayError(
            f"kafka.deadLetterTopic: {kafka.dead_letter_topic} cannot be read"
            f" ({error.args[0].str()}); check its name, the brokers and kafka.security"
        ) from error
    finally:
        consumer.close()


def _ends(consumer: Consumer, topic: str) -> dict[int, int]:
    """The end of each partition that holds a record."""
    metadata = consumer.list_topics(topic, timeout=_TIMEOUT).topics[topic]
    if metadata.error is not None:
        raise KafkaException(metadata.error)
    ends = {}
    for partition in metadata.partitions:
        place = TopicPartition(topic, partition)
        low, high = consumer.get_watermark_offsets(place, timeout=_TIMEOUT)
        if high > low:
            ends[partition] = high
    return ends


def _moment(header: str | None, message: Message) -> datetime:
    if header:
        return datetime.fromisoformat(header)
    return datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
