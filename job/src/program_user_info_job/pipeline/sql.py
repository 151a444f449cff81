"""The Table program as SQL: Kafka in, the write stage as a function, dead letters out.

The same statements run on Flink 1.20 and 2.x.
"""

from __future__ import annotations

from program_user_info_job.config.kafka_client import java_properties
from program_user_info_job.config.model import Kafka

WRITE_STAGE = "write_events"
"""The name under which the vectorized function is registered."""
LARGEST_DEAD_LETTER = 32 << 20
"""Bytes. Whatever the input topic took must fit: a dead letter that does not would stop the job."""

# While the write stage waits for Cassandra, the source reads ahead two polls and no more: they are
# the next bundle. With Kafka's defaults (1 MiB, 500 records) that bundle is too small to fill
# batches, the more so the slower Cassandra is (docs/performance.md).
_FETCH_BYTES = 8 << 20
_POLL_RECORDS = 10_000


def source_ddl(kafka: Kafka, partition_discovery: int) -> str:
    """The input topics: payloads as bytes, and where each record stands.

    The group's committed offsets are the only position; `pipeline.offsets` sets them beforehand
    where the configuration asks for another start.
    """
    return f"""
CREATE TABLE events (
  `payload` BYTES,
  `topic` STRING METADATA VIRTUAL,
  `partition` INT METADATA VIRTUAL,
  `offset` BIGINT METADATA VIRTUAL,
  `timestamp` TIMESTAMP_LTZ(3) METADATA VIRTUAL
) WITH (
  'connector' = 'kafka',
  'topic' = {_literal(";".join(kafka.topics))},
  'format' = 'raw',
  'scan.startup.mode' = 'group-offsets',
  'scan.topic-partition-discovery.interval' = '{partition_discovery} ms',
  'properties.group.id' = {_literal(kafka.group_id)},
  'properties.auto.offset.reset' = 'earliest',
  'properties.max.partition.fetch.bytes' = '{_FETCH_BYTES}',
  'properties.max.poll.records' = '{_POLL_RECORDS}',
  {_properties(kafka)}
)"""


def dead_letter_ddl(kafka: Kafka) -> str:
    """The dead-letter topic: the payload as it came, why and from where in the headers."""
    return f"""
CREATE TABLE dead_letters (
  `payload` BYTES,
  `headers` MAP<STRING, BYTES> METADATA
) WITH (
  'connector' = 'kafka',
  'topic' = {_literal(kafka.dead_letter_topic)},
  'format' = 'raw',
  'sink.delivery-guarantee' = 'at-least-once',
  'properties.max.request.size' = '{LARGEST_DEAD_LETTER}',
  'properties.buffer.memory' = '{2 * LARGEST_DEAD_LETTER}',
  {_properties(kafka)}
)"""


def insert_dml() -> str:
    """Every event through the write stage once; what it rejects becomes a dead letter.

    The stage answers null for an acknowledged row, else "REASON detail".
    """
    return f"""
INSERT INTO dead_letters
SELECT
  `payload`,
  MAP[
    'reason', {_bytes("SUBSTRING(`rejection` FROM 1 FOR POSITION(' ' IN `rejection`) - 1)")},
    'detail', {_bytes("SUBSTRING(`rejection` FROM POSITION(' ' IN `rejection`) + 1)")},
    'source-topic', {_bytes("`topic`")},
    'source-partition', {_bytes("CAST(`partition` AS STRING)")},
    'source-offset', {_bytes("CAST(`offset` AS STRING)")},
    'source-timestamp', {_bytes("`written_at`")}
  ]
FROM (
  SELECT
    `payload`, `topic`, `partition`, `offset`,
    DATE_FORMAT(`timestamp`, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z''') AS `written_at`,
    {WRITE_STAGE}(`payload`, `offset`, `timestamp`) AS `rejection`
  FROM events
)
WHERE `rejection` IS NOT NULL"""


def _bytes(expression: str) -> str:
    return f"ENCODE({expression}, 'UTF-8')"


def _properties(kafka: Kafka) -> str:
    properties = java_properties(kafka).items()
    return ",\n  ".join(f"'properties.{name}' = {_literal(value)}" for name, value in properties)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
