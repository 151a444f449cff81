"""The input topics as `verify` reads them: what there is, and the records of it."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.kafka.input_topics import InputTopics, Record, TopicUnreadable
from program_user_info_job.kafka.reading import Span
from tests.configuration import config
from tests.unit.job.broker import Broker

KAFKA = config(additionalTopics=["more"]).kafka


def in_memory(patch: pytest.MonkeyPatch) -> Broker:
    """Topic `t` of two partitions, and `more`."""
    broker = Broker()
    broker.serve(patch)
    broker.create("t", partitions=2)
    broker.create("more")
    return broker


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    return in_memory(monkeypatch)


def test_a_topic_has_another_id_once_it_is_created_again(broker: Broker) -> None:
    topics = InputTopics(KAFKA)
    before = dict(topics.ids())
    assert before.keys() == {"t", "more"}
    broker.create("more")
    after = dict(topics.ids())
    assert after["t"] == before["t"]
    assert after["more"] != before["more"]


def test_each_partition_of_each_topic_says_what_it_holds(broker: Broker) -> None:
    broker.send("t", 1, b"1", b"2", b"3")
    broker.trim("t", 1, 1)
    assert list(InputTopics(KAFKA).spans()) == [
        Span("t", 0, 0, 0),
        Span("t", 1, 1, 3),
        Span("more", 0, 0, 0),
    ]


def test_a_record_is_told_with_its_place_and_time(broker: Broker) -> None:
    broker.send("t", 0, b"1")
    broker.send("t", 0, b"2", moment=77)
    assert list(InputTopics(KAFKA).read([Span("t", 0, 1, 2)])) == [Record("t", 0, 1, 77, b"2")]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=2))
def test_the_records_of_the_spans_are_read_and_no_others(spans: list[tuple[int, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        broker = in_memory(patch)
        for partition in (0, 1):
            broker.send("t", partition, *[b"x"] * 6)
        asked = [Span("t", partition, *span) for partition, span in enumerate(spans)]
        read = list(InputTopics(KAFKA).read(asked))
    assert [(each.partition, each.offset) for each in read] == [
        (partition, offset) for partition, span in enumerate(spans) for offset in range(*span)
    ]


def test_the_reading_leaves_the_jobs_group_alone(broker: Broker) -> None:
    broker.send("t", 0, b"1")
    topics = InputTopics(KAFKA)
    list(topics.read(topics.spans()))
    topics.close()
    assert broker.groups == {"g-verify": {}}


@pytest.mark.parametrize(
    "call",
    ["Consumer.list_topics", "Consumer.get_watermark_offsets", "Admin.describe_topics"],
)
def test_topics_that_cannot_be_read_are_named_with_what_to_check(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise KafkaException(KafkaError(KafkaError._ALL_BROKERS_DOWN, "all down"))

    monkeypatch.setattr(f"tests.unit.job.broker.{call}", fails)
    topics = InputTopics(KAFKA)
    with pytest.raises(TopicUnreadable) as caught:
        list(topics.ids()), list(topics.read(topics.spans()))
    assert str(caught.value) == (
        "kafka.topic: t, more cannot be read (all down); check its name, the brokers and"
        " kafka.security"
    )
