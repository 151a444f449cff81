"""Our mapping and writing without Flink and Kafka: what Python and Cassandra can do here.

Arguments: the job's configuration, a file of events, the file that is told how many are done.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from program_user_info_job.config.load import load_config
from program_user_info_job.config.rules import mapping_rules
from program_user_info_job.pipeline.call import Call
from program_user_info_job.pipeline.garbage_collection import spare_the_collector
from program_user_info_job.pipeline.waiting import wait_for
from program_user_info_job.store.schema_preparation import prepare_schema
from program_user_info_job.store.session import open_session
from program_user_info_job.store.writer import Writer
from tests.bench.pipeline.events import read_records


def main(configuration: str, file: str, told: str) -> None:
    """Write all events of the file, as large calls as the job's."""
    config = load_config(Path(configuration))
    rules = mapping_rules(config)
    wait_for("the table", lambda: prepare_schema(config, create=True), print)
    records = read_records(Path(file))
    done = 0
    with open_session(config.cassandra, config.writes.request_timeout) as session:
        writer = Writer(session, config.cassandra, config.writes)
        spare_the_collector()
        while some := list(itertools.islice(records, config.flink.arrow_batch)):
            call = Call(rules, some[0].timestamp, writer.begin())
            call.write((each.payload, each.offset, each.timestamp) for each in some)
            done += len(some)
            Path(told).write_text(str(done), encoding="utf-8")
        # Until it is told to go, so that its CPU time and memory can be read.
        sys.stdin.read()


main(*sys.argv[1:])
