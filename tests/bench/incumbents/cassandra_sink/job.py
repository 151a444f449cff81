"""The pipeline that the design document describes: a Python map, and Flink's own CassandraSink.

The mapping is ours, so that only the pipelines differ; malformed events are dropped.
Arguments: bootstrap servers, topic, Cassandra's host:port, keyspace, folder of the sink's jars.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pyflink.common import Row as FlinkRow
from pyflink.common import SimpleStringSchema, Types, WatermarkStrategy
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.datastream.connectors.cassandra import CassandraSink
from pyflink.datastream.connectors.kafka import KafkaOffsetsInitializer, KafkaSource
from pyflink.datastream.functions import FlatMapFunction

from program_user_info_job.record import process
from program_user_info_job.row.event_to_row import Origin, Row, Rules
from program_user_info_job.row.layout import FLAT, CqlType

FLINK_TYPES = {
    CqlType.TEXT: Types.STRING(),
    CqlType.BOOLEAN: Types.BOOLEAN(),
    CqlType.TIMESTAMP: Types.SQL_TIMESTAMP(),
}


class Flatten(FlatMapFunction):  # type: ignore[misc]  # PyFlink is untyped
    """An event in, a row of the flat layout and its write timestamp out."""

    def flat_map(self, value: str) -> Iterator[FlinkRow]:
        now = time.time_ns() // 1_000_000
        row = process(value.encode(), Origin(0, now), Rules(), now)
        if isinstance(row, Row):
            cells = row.cells | {"program_id": row.program_id, "user_id": row.user_id}
            for moment in ("created_at", "updated_at"):
                if (millis := cells.get(moment)) is not None:
                    cells[moment] = datetime.fromtimestamp(millis / 1000, UTC).replace(tzinfo=None)
            yield FlinkRow(*(cells.get(column) for column in FLAT.columns), row.write_timestamp)


def main(servers: str, topic: str, cassandra: str, keyspace: str, jars: str) -> None:
    """Submit the pipeline."""
    environment = StreamExecutionEnvironment.get_execution_environment()
    environment.add_jars(*(jar.as_uri() for jar in Path(jars).glob("*.jar")))
    environment.set_python_executable(sys.executable)
    environment.enable_checkpointing(10_000)
    source = (
        KafkaSource.builder()
        .set_bootstrap_servers(servers)
        .set_topics(topic)
        .set_group_id("bench")
        .set_starting_offsets(KafkaOffsetsInitializer.earliest())
        .set_value_only_deserializer(SimpleStringSchema())
        .build()
    )
    types = [FLINK_TYPES[kind] for kind in FLAT.columns.values()]
    rows = environment.from_source(source, WatermarkStrategy.no_watermarks(), "events").flat_map(
        Flatten(), Types.ROW([*types, Types.LONG()])
    )
    marks = ", ".join("?" for _ in FLAT.columns)
    insert = (
        f"INSERT INTO {keyspace}.program_enrollment ({', '.join(FLAT.columns)})"
        f" VALUES ({marks}) USING TIMESTAMP ?"
    )
    host, _, port = cassandra.rpartition(":")
    sink = CassandraSink.add_sink(rows).set_query(insert).set_host(host, int(port))
    sink.set_max_concurrent_requests(256).build()
    environment.execute_async("the design document's pipeline")


main(*sys.argv[1:])
