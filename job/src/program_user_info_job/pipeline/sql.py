"""The Table program as SQL: Kafka in, the write stage as a function, dead letters out.

The same statements run on Flink 1.20 and 2.x.
"""

from __future__ import annotations

from program_user_info_job.config.model import Flink, Kafka
from program_user_info_job.kafka.client_properties import consumer_properties, producer_properties
from program_user_info_job.kafka.dead_letter_topic import LARGEST_DEAD_LETTER
from program_user_info_job.pipeline.arrow_batch import read_ahead

WRITE_STAGE = "write_events"
"""The name under which the vectorized function is registered."""

# Of each partition. While the write stage waits for Cassandra, the source reads ahead two polls and
# no more: they are the next bundle. With Kafka's defaults (1 MiB, 500 records) that bundle is too
# small to fill batches, the more so the slower Cassandra is
# (docs/decisions/0019-what-an-event-costs.md).
_FETCHED_BYTES = 8 << 20
_FORMAT = """'format' = 'raw',
  'key.format' = 'raw',
  'key.fields' = 'key',
  'value.fields-include' = 'EXCEPT_KEY'"""


def source_ddl(kafka: Kafka, flink: Flink) -> str:
    """The input topics: payloads as bytes, and where each record stands.

    The group's committed offsets are the only position; `kafka.group_start` sets them beforehand
    where the configuration asks for another start.
    """
    defaults = {
        "max.partition.fetch.bytes": str(_FETCHED_BYTES),
        "max.poll.records": str(read_ahead(flink)),
    }
    return f"""
CREATE TABLE events (
  `key` BYTES,
  `payload` BYTES,
  `headers` MAP<STRING, BYTES> METADATA VIRTUAL,
  `topic` STRING METADATA VIRTUAL,
  `partition` INT METADATA VIRTUAL,
  `offset` BIGINT METADATA VIRTUAL,
  `timestamp` TIMESTAMP_LTZ(3) METADATA VIRTUAL
) WITH (
  'connector' = 'kafka',
  'topic' = {_literal(";".join(kafka.topics))},
  {_FORMAT},
  'scan.startup.mode' = 'group-offsets',
  'scan.topic-partition-discovery.interval' = '{flink.partition_discovery} ms',
  'properties.group.id' = {_literal(kafka.group_id)},
  'properties.auto.offset.reset' = 'earliest',
  'properties.isolation.level' = 'read_committed',
  {_properties(consumer_properties(kafka, defaults))}
)"""


def dead_letter_ddl(kafka: Kafka) -> str:
    """The dead-letter topic: the record as it came, why and from where in further headers."""
    return f"""
CREATE TABLE dead_letters (
  `key` BYTES,
  `payload` BYTES,
  `headers` MAP<STRING, BYTES> METADATA
) WITH (
  'connector' = 'kafka',
  'topic' = {_literal(kafka.dead_letter_topic)},
  {_FORMAT},
  'sink.delivery-guarantee' = 'at-least-once',
  'properties.max.request.size' = '{LARGEST_DEAD_LETTER}',
  'properties.buffer.memory' = '{2 * LARGEST_DEAD_LETTER}',
  {_properties(producer_properties(kafka, {"compression.type": "gzip"}))}
)"""


def insert_dml() -> str:
    """Every event through the write stage once; what it rejects becomes a dead letter.

    The stage answers a row of reason and detail, both null for an event that is acknowledged.
    """
    return f"""
INSERT INTO dead_letters
SELECT
  `key`,
  `payload`,
  MAP_UNION(`headers`, CAST(MAP[
    'reason', {_bytes("`rejection`.`reason`")},
    'detail', {_bytes("`rejection`.`detail`")},
    'source-topic', {_bytes("`topic`")},
    'source-partition', {_bytes("CAST(`partition` AS STRING)")},
    'source-offset', {_bytes("CAST(`offset` AS STRING)")},
    'source-timestamp', {_bytes("`written_at`")}
  ] AS MAP<STRING, BYTES>))
FROM (
  SELECT
    `key`, `payload`, `headers`, `topic`, `partition`, `offset`,
    DATE_FORMAT(`timestamp`, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z''') AS `written_at`,
    {WRITE_STAGE}(`payload`, `offset`, `timestamp`) AS `rejection`
  FROM events
)
WHERE `rejection`.`reason` IS NOT NULL"""


def _bytes(expression: str) -> str:
    return f"ENCODE({expression}, 'UTF-8')"


def _properties(properties: dict[str, str]) -> str:
    return ",\n  ".join(
        f"'properties.{name}' = {_literal(value)}" for name, value in properties.items()
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
