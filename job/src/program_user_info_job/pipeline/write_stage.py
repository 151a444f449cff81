"""The vectorized function: a batch of payloads in, per event null (acknowledged) or its rejection.

It returns only when Cassandra has acknowledged every row, so a checkpoint, which waits for the
function's bundle, never covers a record whose row is not there.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import structlog
from pyflink.table.udf import FunctionContext, ScalarFunction

from program_user_info_job.config.model import Config
from program_user_info_job.config.rules import mapping_rules
from program_user_info_job.event.rejection import Rejection
from program_user_info_job.kafka.group_start import note_start
from program_user_info_job.logs import configure_logging
from program_user_info_job.pipeline.garbage_collection import spare_the_collector
from program_user_info_job.pipeline.metrics import StageMetrics
from program_user_info_job.record import process
from program_user_info_job.row.convert import Origin
from program_user_info_job.store.needed_rows import Indexed
from program_user_info_job.store.session import missing_extensions, open_session
from program_user_info_job.store.writer import Writer

if TYPE_CHECKING:
    import pandas as pd

log = structlog.get_logger(__name__)

_LOG_INTERVAL = 10.0
_WRITTEN_AT_ONCE = 32 << 20
"""Bytes of events. Flink counts a batch in records; rows of large ones need several times as much
memory as their bytes. Ten thousand ordinary events stay below it."""
_START_NOTED = 12 * 3600.0


class WriteEvents(ScalarFunction):  # type: ignore[misc]  # PyFlink is untyped
    """Decode, map, write. One instance per worker, one session with Cassandra each."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def is_deterministic(self) -> bool:
        """False: the planner must neither drop nor repeat the call."""
        return False

    def open(self, function_context: FunctionContext) -> None:
        """Connect to Cassandra; a failure here fails the task, and Flink restarts it."""
        configure_logging(own_handler=False)
        config = self._config
        self._rules = mapping_rules(config)
        self._resources = ExitStack()
        session = self._resources.enter_context(
            open_session(config.cassandra, config.writes.request_timeout)
        )
        self._writer = Writer(session, config.cassandra, config.writes)
        self._metrics = StageMetrics(function_context.get_metric_group())
        self._logged = self._read = self._rejected = 0.0
        self._start_noted = time.monotonic()
        spare_the_collector()
        log.info("write stage connected to Cassandra", keyspace=config.cassandra.keyspace)
        absent = missing_extensions()
        if absent:
            log.warning("the Cassandra driver lacks compiled parts and is slow", absent=absent)

    def close(self) -> None:
        """Close the session."""
        self._resources.close()

    def eval(self, payloads: pd.Series, offsets: pd.Series, timestamps: pd.Series) -> pd.Series:
        """Write one Arrow batch; see the module's text for the result."""
        import pandas as pd

        started = time.monotonic()
        now = time.time_ns() // 1_000_000
        rules = self._rules
        answers: list[str | None] = [None] * len(payloads)
        rejections: dict[int, Rejection] = {}
        rows: list[Indexed] = []
        size = 0
        moments = _milliseconds(timestamps)
        for index, (payload, offset, moment) in enumerate(
            zip(payloads, offsets.tolist(), moments, strict=True)
        ):
            outcome = process(payload, Origin(offset, moment), rules, now)
            if isinstance(outcome, Rejection):
                rejections[index] = outcome
            else:
                rows.append(Indexed(index, outcome))
                size += len(payload)
                if size >= _WRITTEN_AT_ONCE:
                    rejections |= self._write(rows)
                    rows, size = [], 0
        rejections |= self._write(rows)
        for index, (reason, detail) in rejections.items():
            answers[index] = f"{reason} {detail}"
        self._metrics.acknowledge(len(moments), max(moments, default=0))
        self._report(len(payloads), rejections, time.monotonic() - started)
        return pd.Series(answers, dtype=object)

    def _write(self, rows: list[Indexed]) -> dict[int, Rejection]:
        refused = self._writer.write(rows)
        written = (each.row.write_timestamp for each in rows if each.position not in refused)
        self._metrics.update(max(written, default=0) // 1000)
        return refused

    def _report(self, read: int, rejections: dict[int, Rejection], seconds: float) -> None:
        self._metrics.record(read - len(rejections), rejections.values(), seconds)
        self._read += read
        self._rejected += len(rejections)
        if time.monotonic() - self._logged >= _LOG_INTERVAL:
            log.info(
                "rows acknowledged",
                events=int(self._read),
                rejected=int(self._rejected),
                last_batch=read,
                last_batch_ms=round(seconds * 1000),
            )
            self._logged = time.monotonic()
            self._read = self._rejected = 0.0
            self._keep_start()

    def _keep_start(self) -> None:
        """Kafka forgets the note of a start that nobody renews."""
        is_needed = self._config.kafka.starting_offsets != "committed"
        if is_needed and time.monotonic() - self._start_noted >= _START_NOTED:
            note_start(self._config)
            self._start_noted = time.monotonic()


def _milliseconds(timestamps: pd.Series) -> list[int]:
    """Since the epoch; with or without a zone and in any unit, depending on Flink's release."""
    if timestamps.dt.tz is not None:
        timestamps = timestamps.dt.tz_convert("UTC").dt.tz_localize(None)
    millis: list[int] = timestamps.astype("datetime64[ms]").astype("int64").tolist()
    return millis
