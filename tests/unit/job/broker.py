"""A Kafka broker in memory: logs that are trimmed, and the offsets of groups."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import TopicCollection, TopicPartition

from program_user_info_job.kafka import input_topics, reading

Place = tuple[str, int]
Offset = tuple[int, str]


@dataclass(frozen=True)
class Record:
    """A record as a consumer gets it."""

    place: Place
    number: int
    moment: int
    payload: bytes
    own_headers: list[tuple[str, bytes]]

    def topic(self) -> str:
        return self.place[0]

    def partition(self) -> int:
        return self.place[1]

    def offset(self) -> int:
        return self.number

    def timestamp(self) -> tuple[int, int]:
        return 1, self.moment

    def key(self) -> None:
        return None

    def value(self) -> bytes:
        return self.payload

    def headers(self) -> list[tuple[str, bytes]]:
        return self.own_headers

    def error(self) -> None:
        return None


@dataclass
class Log:
    """One partition; `low` is its first offset that is still there."""

    low: int = 0
    records: list[Record] = field(default_factory=list)

    @property
    def high(self) -> int:
        return self.low + len(self.records)


@dataclass
class Broker:
    """What is in the topics, and how far each group is."""

    logs: dict[Place, Log] = field(default_factory=dict)
    groups: dict[str, dict[Place, Offset]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def create(self, topic: str, partitions: int = 1) -> None:
        """Create a topic, or the same again as another one, empty and without any offsets."""
        self.ids[topic] = f"{topic}-{len(self.ids)}-{self.ids.get(topic, '')}"
        self.logs = {place: log for place, log in self.logs.items() if place[0] != topic}
        for offsets in self.groups.values():
            for place in [place for place in offsets if place[0] == topic]:
                del offsets[place]
        self.add_partitions(topic, partitions)

    def add_partitions(self, topic: str, partitions: int) -> None:
        """Give the topic this many partitions."""
        for number in range(partitions):
            self.logs.setdefault((topic, number), Log())

    def send(
        self, topic: str, partition: int, *payloads: bytes, moment: int = 1, **headers: str
    ) -> None:
        """Append records."""
        log = self.logs[topic, partition]
        own = [(name.replace("_", "-"), value.encode()) for name, value in headers.items()]
        for payload in payloads:
            record = Record((topic, partition), log.high, moment, payload, own)
            log.records.append(record)

    def trim(self, topic: str, partition: int, low: int) -> None:
        """Remove all records before an offset."""
        log = self.logs[topic, partition]
        log.records = [each for each in log.records if each.number >= low]
        log.low = low

    def offsets(self, group: str) -> dict[Place, int]:
        """Those that a group has committed."""
        return {place: offset for place, (offset, _) in self.groups.get(group, {}).items()}

    def places(self, *topics: str) -> list[TopicPartition]:
        """All partitions of some topics."""
        return [TopicPartition(*place) for place in sorted(self.logs) if place[0] in topics]

    def serve(self, patch: pytest.MonkeyPatch) -> None:
        """Have what reads topics by offsets of its own connect to this broker."""
        patch.setattr(reading, "Consumer", self.consumer)
        patch.setattr(input_topics, "AdminClient", self.admin)

    def consumer(self, properties: Mapping[str, Any]) -> Consumer:
        """What `confluent_kafka.Consumer` makes of these properties."""
        return Consumer(self, self.groups.setdefault(properties["group.id"], {}))

    def admin(self, _properties: Mapping[str, Any]) -> Admin:
        """What `confluent_kafka.admin.AdminClient` makes of these properties."""
        return Admin(self)


class Consumer:
    """The calls of `confluent_kafka.Consumer` that the job uses."""

    def __init__(self, broker: Broker, own: dict[Place, Offset]) -> None:
        self._broker, self._own = broker, own
        self._position: dict[Place, int] = {}

    def committed(self, places: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        found = [self._own.get((each.topic, each.partition), (-1001, "")) for each in places]
        return [
            TopicPartition(each.topic, each.partition, *offset)
            for each, offset in zip(places, found, strict=True)
        ]

    def commit(self, offsets: list[TopicPartition], asynchronous: bool) -> None:
        assert not asynchronous
        for each in offsets:
            self._own[each.topic, each.partition] = (each.offset, each.metadata or "")

    def get_watermark_offsets(self, place: TopicPartition, timeout: float) -> tuple[int, int]:
        log = self._broker.logs[place.topic, place.partition]
        return log.low, log.high

    def offsets_for_times(
        self, asked: list[TopicPartition], timeout: float
    ) -> list[TopicPartition]:
        found = []
        for each in asked:
            records = self._broker.logs[each.topic, each.partition].records
            later = (record.number for record in records if record.moment >= each.offset)
            found.append(TopicPartition(each.topic, each.partition, next(later, -1)))
        return found

    def list_topics(self, topic: str, timeout: float) -> SimpleNamespace:
        numbers = {place[1]: None for place in self._broker.logs if place[0] == topic}
        return SimpleNamespace(topics={topic: SimpleNamespace(error=None, partitions=numbers)})

    def assign(self, places: list[TopicPartition]) -> None:
        self._position = {(each.topic, each.partition): each.offset for each in places}

    def consume(self, count: int, timeout: float) -> list[Record]:
        batch: list[Record] = []
        for place, position in self._position.items():
            records = self._broker.logs[place].records
            batch += [each for each in records if each.number >= position]
        self._position = {}
        return batch

    def close(self) -> None:
        self._position = {}


class Admin:
    """The calls of `confluent_kafka.admin.AdminClient` that `verify` uses."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def describe_topics(
        self, topics: TopicCollection, request_timeout: float
    ) -> dict[str, Future[SimpleNamespace]]:
        answers: dict[str, Future[SimpleNamespace]] = {}
        for name in topics.topic_names:
            answers[name] = Future()
            answers[name].set_result(SimpleNamespace(topic_id=self._broker.ids[name]))
        return answers
