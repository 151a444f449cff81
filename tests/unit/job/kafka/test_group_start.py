"""Where a group starts to read: decided once for each topic, and no event skipped afterwards."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from program_user_info_job.config.model import Config
from program_user_info_job.kafka import group_start
from program_user_info_job.kafka.group_start import note_start, set_start
from tests.configuration import DOCUMENT
from tests.unit.job.broker import Broker

LATER = "2999-01-01T00:00:00Z"
NOT_FROM_THE_BEGINNING = pytest.mark.parametrize("start", ["latest", LATER])


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    """Topic `t` with a record in each of its two partitions."""
    broker = Broker()
    monkeypatch.setattr(group_start, "Consumer", broker.consumer)
    broker.create("t", partitions=2)
    for partition in (0, 1):
        broker.send("t", partition, b"{}")
    return broker


def configured(start: str, *additional_topics: str, table: str = "table") -> Config:
    kafka = {"startingOffsets": start, "additionalTopics": additional_topics}
    parts: dict[str, Any] = DOCUMENT | {
        "kafka": DOCUMENT["kafka"] | kafka,
        "cassandra": DOCUMENT["cassandra"] | {"table": table},
    }
    return msgspec.convert(parts, Config)


def start(broker: Broker, config: Config) -> dict[tuple[str, int], int]:
    """What the JobManager does at each of its starts; the group's offsets then."""
    set_start(config, broker.places(*config.kafka.topics))
    return broker.offsets("g")


@pytest.mark.parametrize(
    ("setting", "offsets"),
    [
        ("committed", {}),
        ("earliest", {("t", 0): 0, ("t", 1): 0}),
        ("latest", {("t", 0): 1, ("t", 1): 1}),
        (LATER, {("t", 0): 1, ("t", 1): 1}),
        ("1970-01-01T00:00:00Z", {("t", 0): 0, ("t", 1): 0}),
    ],
)
def test_the_first_start_is_the_configured_one(
    broker: Broker, setting: str, offsets: dict[tuple[str, int], int]
) -> None:
    assert start(broker, configured(setting)) == offsets


@NOT_FROM_THE_BEGINNING
def test_a_partition_that_was_added_later_is_read_from_its_beginning(
    broker: Broker, start: str
) -> None:
    config = configured(start)
    set_start(config, broker.places("t"))
    broker.add_partitions("t", 3)
    broker.send("t", 2, b"{}", b"{}")
    set_start(config, broker.places("t"))
    assert broker.offsets("g") == {("t", 0): 1, ("t", 1): 1, ("t", 2): 0}


def test_a_trimmed_partition_is_read_from_what_is_left_of_it(broker: Broker) -> None:
    start(broker, configured("latest"))
    broker.add_partitions("t", 3)
    broker.send("t", 2, b"{}", b"{}")
    broker.trim("t", 2, 1)
    assert start(broker, configured("latest"))["t", 2] == 1


@NOT_FROM_THE_BEGINNING
def test_a_group_that_started_otherwise_before_skips_nothing(broker: Broker, start: str) -> None:
    """Its first start commits nothing, and it had no checkpoint."""
    set_start(configured("committed"), broker.places("t"))
    set_start(configured(start), broker.places("t"))
    assert broker.offsets("g") == {("t", 0): 0, ("t", 1): 0}


def test_offsets_of_one_partition_tell_that_the_group_has_read_the_topic(broker: Broker) -> None:
    """Of a group that may not use the one of the start, or that another program began."""
    broker.groups["g"] = {("t", 0): (1, "")}
    assert start(broker, configured("latest")) == {("t", 0): 1, ("t", 1): 0}


def test_a_topic_that_is_new_to_the_group_starts_as_configured(broker: Broker) -> None:
    start(broker, configured("latest"))
    broker.create("more")
    broker.send("more", 0, b"{}")
    assert start(broker, configured("latest", "more"))["more", 0] == 1
    broker.add_partitions("more", 2)
    broker.send("more", 1, b"{}")
    assert start(broker, configured("latest", "more"))["more", 1] == 0


def test_a_topic_that_is_new_to_the_group_is_read_whole_where_committed_is_asked_for(
    broker: Broker,
) -> None:
    start(broker, configured("latest"))
    broker.create("more")
    assert start(broker, configured("committed", "more")) == {("t", 0): 1, ("t", 1): 1}


def test_offsets_that_were_deleted_with_the_note_of_the_start_are_decided_again(
    broker: Broker,
) -> None:
    start(broker, configured("latest"))
    broker.groups.clear()
    broker.send("t", 0, b"{}")
    assert start(broker, configured("latest")) == {("t", 0): 2, ("t", 1): 1}


def test_earliest_rewinds_once(broker: Broker) -> None:
    start(broker, configured("latest"))
    assert start(broker, configured("earliest")) == {("t", 0): 0, ("t", 1): 0}
    broker.groups["g"] = {("t", 0): (1, ""), ("t", 1): (1, "")}
    assert start(broker, configured("earliest")) == {("t", 0): 1, ("t", 1): 1}
    assert start(broker, configured("earliest", table="other")) == {("t", 0): 0, ("t", 1): 0}


def test_the_start_is_noted_for_each_topic(broker: Broker) -> None:
    note_start(configured("latest", "more"))
    assert broker.offsets("g-start") == {("t", 0): 0, ("more", 0): 0}
