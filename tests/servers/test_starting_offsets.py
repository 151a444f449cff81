"""Where a consumer group starts, and what it keeps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from confluent_kafka import Consumer, TopicPartition

from program_user_info_job.config import model
from program_user_info_job.kafka.produce import send
from tests.servers.topics import Configure, committed, prepare

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("start", ["earliest", "latest", "future"])
def test_the_start_is_committed_before_the_job_runs(configure: Configure, start: str) -> None:
    send(configure(), [b"{}"] * 50)
    setting = "2999-01-01T00:00:00Z" if start == "future" else start
    config = configure(startingOffsets=setting)
    prepare(config)
    assert sum(committed(config)) == (0 if start == "earliest" else 50)


def test_a_time_starts_at_the_first_record_from_then_on(configure: Configure) -> None:
    send(configure(), [b"{}"] * 20)
    yesterday = datetime(2020, 1, 1, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    config = configure(startingOffsets=yesterday)
    prepare(config)
    assert sum(offset for offset in committed(config) if offset > 0) == 0


def test_a_group_that_has_offsets_keeps_them_unless_told_to_rewind(configure: Configure) -> None:
    send(configure(), [b"{}"] * 50)
    prepare(configure(startingOffsets="latest"))
    send(configure(), [b"{}"] * 50)
    config = configure(startingOffsets="latest")
    prepare(config)
    assert sum(committed(config)) == 50
    prepare(configure(startingOffsets="earliest"))
    assert sum(committed(config)) == 0


def test_earliest_rewinds_once_for_each_time_that_it_is_asked_for(configure: Configure) -> None:
    send(configure(), [b"{}"] * 50)
    earliest, latest = (configure(startingOffsets=start) for start in ("earliest", "latest"))
    prepare(earliest)
    assert sum(committed(earliest)) == 0
    read_everything(earliest)
    prepare(earliest)  # the JobManager has restarted
    assert sum(committed(earliest)) == 50
    prepare(earliest, table="another")
    assert sum(committed(earliest)) == 0
    read_everything(earliest)
    prepare(latest)
    assert sum(committed(earliest)) == 50
    prepare(earliest, table="another")
    assert sum(committed(earliest)) == 0


def read_everything(config: model.Kafka) -> None:
    """Commit the end of each partition, as Flink does, without any metadata."""
    consumer = Consumer(
        {"bootstrap.servers": config.bootstrap_servers[0], "group.id": config.group_id}
    )
    try:
        places = [TopicPartition(config.topic, number) for number in range(4)]
        for place in places:
            place.offset = consumer.get_watermark_offsets(place, timeout=30)[1]
        consumer.commit(offsets=places, asynchronous=False)
    finally:
        consumer.close()
