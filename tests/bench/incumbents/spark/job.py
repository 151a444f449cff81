"""PySpark Structured Streaming with the Spark Cassandra Connector: all columns by Spark's SQL.

It neither keeps dead letters nor protects a newer row from an older event.
Arguments: bootstrap servers, topic, Cassandra's host:port, keyspace, folder of jars, checkpoint
folder, events per micro-batch, the file that is told how many events are done.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  # as every Spark program calls it

LOCATION = "STRUCT<type: STRING, code: STRING, id: STRING, name: STRING>"
PROFILE = (
    f"STRUCT<userLocations: ARRAY<{LOCATION}>, rootOrg: STRUCT<id: STRING, orgName: STRING>,"
    " profileUserTypes: ARRAY<STRUCT<type: STRING, subType: STRING>>>"
)
EVENT = (
    "programId STRING, programName STRING, programExternalId STRING,"
    " requestForPIIConsent BOOLEAN, userId STRING, createdAt STRING, updatedAt STRING,"
    f" userProfile {PROFILE}"
)
KINDS = ("state", "district", "block", "cluster", "school")


def columns() -> list[Column]:
    """The flat layout."""
    types = "e.userProfile.profileUserTypes"
    sub_types = f"filter({types}, t -> t.subType IS NOT NULL)"
    sub_types = f"array_distinct(transform({sub_types}, t -> upper(t.subType)))"
    locations = [
        F.expr(
            f"element_at(filter(e.userProfile.userLocations, l -> lower(l.type) = '{kind}'), -1)"
            f".{field} AS {kind}_{field}"
        )
        for kind in KINDS
        for field in ("code", "id", "name")
    ]
    return [
        F.expr("e.programId AS program_id"),
        F.expr("e.userId AS user_id"),
        F.expr("e.programExternalId AS program_externalid"),
        F.expr("e.programName AS program_name"),
        F.expr("coalesce(e.requestForPIIConsent, false) AS pii_consent_required"),
        *locations,
        F.expr("e.userProfile.rootOrg.id AS organisation_id"),
        F.expr("e.userProfile.rootOrg.orgName AS organisation_name"),
        F.expr(f"lower(element_at({types}, -1).type) AS user_type"),
        F.expr(f"array_join({sub_types}, ',') AS user_sub_type"),
        F.expr("to_timestamp(e.createdAt) AS created_at"),
        F.expr("to_timestamp(e.updatedAt) AS updated_at"),
    ]


def main(  # noqa: PLR0917  # the command line
    servers: str,
    topic: str,
    cassandra: str,
    keyspace: str,
    jars: str,
    checkpoints: str,
    events_per_batch: str,
    told: str,
) -> None:
    """Run until killed."""
    host, _, port = cassandra.rpartition(":")
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.jars", ",".join(str(jar) for jar in Path(jars).glob("*.jar")))
        .config("spark.cassandra.connection.host", host)
        .config("spark.cassandra.connection.port", port)
        .config("spark.driver.memory", "1600m")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    events = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", servers)
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", events_per_batch)
        .load()
        .select(F.from_json(F.col("value").cast("string"), EVENT).alias("e"))
        .where("e.programId IS NOT NULL AND e.userId IS NOT NULL")
        .select(*columns())
    )

    def write(batch: DataFrame, _: int) -> None:
        table = {"keyspace": keyspace, "table": "program_enrollment"}
        batch.write.format("org.apache.spark.sql.cassandra").options(**table).mode("append").save()

    query = events.writeStream.foreachBatch(write).option("checkpointLocation", checkpoints).start()
    done: dict[int, int] = {}
    while query.isActive:
        done |= {each["batchId"]: each["numInputRows"] for each in query.recentProgress}
        Path(told).write_text(str(sum(done.values())), encoding="utf-8")
        time.sleep(1)
    raise SystemExit(str(query.exception()))


main(*sys.argv[1:])
