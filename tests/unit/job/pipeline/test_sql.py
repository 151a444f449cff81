"""The Table program as SQL."""

from __future__ import annotations

from program_user_info_job.config.model import Flink
from program_user_info_job.pipeline.sql import dead_letter_ddl, insert_dml, source_ddl
from tests.configuration import config


def test_sql_quotes_what_the_configuration_says() -> None:
    ddl = source_ddl(
        config(groupId="it's", additionalTopics=["more"]).kafka, Flink(partition_discovery=500)
    )
    assert "'properties.group.id' = 'it''s'" in ddl
    assert "'properties.bootstrap.servers' = 'a:1,b:2'" in ddl
    assert "'topic' = 't;more'" in ddl
    assert "'scan.topic-partition-discovery.interval' = '500 ms'" in ddl


def test_a_clients_option_replaces_the_jobs_own_and_goes_to_the_client_that_has_it() -> None:
    kafka = config(
        clientOptions={
            "max.poll.records": "77",
            "linger.ms": "88",
            "request.timeout.ms": "99",
            "compression.type": "zstd",
            # Neither is one that may be set.
            "bootstrap.servers": "elsewhere:1",
            "isolation.level": "read_uncommitted",
        }
    ).kafka
    source, sink = source_ddl(kafka, Flink()), dead_letter_ddl(kafka)
    assert source.count("'properties.max.poll.records'") == 1
    assert "'properties.max.poll.records' = '77'" in source
    assert "linger.ms" not in source
    assert "'properties.linger.ms' = '88'" in sink
    assert "'properties.compression.type' = 'zstd'" in sink
    assert sink.count("compression.type") == 1
    assert "max.poll.records" not in sink
    for ddl in (source, sink):
        assert "'properties.request.timeout.ms' = '99'" in ddl
        assert "elsewhere" not in ddl
        assert "read_uncommitted" not in ddl


def test_every_header_of_a_dead_letter_is_sent() -> None:
    for header in ("reason", "detail", *(f"source-{n}" for n in ("topic", "partition", "offset"))):
        assert f"'{header}', ENCODE(" in insert_dml()
