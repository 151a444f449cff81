"""The vectorized function: payloads in; out, for each event, its rejection's reason and detail.

Both are null where the event's row is acknowledged.
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
from program_user_info_job.kafka.group_start import note_start
from program_user_info_job.logs import configure_logging
from program_user_info_job.pipeline.call import Call
from program_user_info_job.pipeline.freed_memory import manage_freed_memory
from program_user_info_job.pipeline.garbage_collection import spare_the_collector
from program_user_info_job.pipeline.metrics import StageMetrics
from program_user_info_job.store.session import missing_extensions, open_session
from program_user_info_job.store.writer import Writer

if TYPE_CHECKING:
    import pandas as pd

log = structlog.get_logger(__name__)

_LOG_INTERVAL = 10.0
_TOO_LARGE = 1.5
"""The log warns about calls with more bytes than the limit times this."""
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
        self._logged = 0.0
        self._read = self._rejected = self._largest = 0
        self._start_noted = time.monotonic()
        spare_the_collector()
        manage_freed_memory(config.flink.arrow_batch)
        log.info("write stage connected to Cassandra", keyspace=config.cassandra.keyspace)
        absent = missing_extensions()
        if absent:
            log.warning("compiled parts are missing, so the job is slow", absent=absent)

    def close(self) -> None:
        """Close the session."""
        self._resources.close()

    def eval(self, payloads: pd.Series, offsets: pd.Series, timestamps: pd.Series) -> pd.DataFrame:
        """Write one Arrow batch; see the module's text for the result."""
        import pandas as pd

        started = time.monotonic()
        now = time.time_ns() // 1_000_000
        moments = _milliseconds(timestamps)
        call = Call(self._rules, now, self._writer.begin())
        rejections = call.write(zip(payloads, offsets.tolist(), moments, strict=True))
        reasons: list[str | None] = [None] * len(payloads)
        details: list[str | None] = [None] * len(payloads)
        for index, (reason, detail) in rejections.items():
            reasons[index], details[index] = reason.value, detail
        self._metrics.update(call.newest_row() // 1000)
        self._metrics.acknowledge(len(moments), max(moments, default=0))
        self._report(call, time.monotonic() - started)
        # PyFlink takes a frame for a row, column by column (`pandas_to_arrow`, Flink 1.20 and 2.2).
        return pd.DataFrame({"reason": reasons, "detail": details}, dtype=object)

    def _report(self, call: Call, seconds: float) -> None:
        read, rejections = call.events, call.rejections
        self._metrics.record(read - len(rejections), rejections.values(), seconds)
        self._read += read
        self._rejected += len(rejections)
        self._largest = max(self._largest, call.size)
        if time.monotonic() - self._logged >= _LOG_INTERVAL:
            log.info(
                "rows acknowledged",
                events=self._read,
                rejected=self._rejected,
                last_batch=read,
                last_batch_ms=round(seconds * 1000),
            )
            self._warn_of_large_calls()
            self._logged = time.monotonic()
            self._read = self._rejected = self._largest = 0
            self._keep_start()

    def _warn_of_large_calls(self) -> None:
        """What a call may hold was chosen from the events of the job's start."""
        limit = self._config.flink.arrow_batch_bytes
        if self._largest > _TOO_LARGE * limit:
            log.warning(
                "events are larger than when the job started, so it may run out of memory:"
                " change spec.restartNonce, so that the job adapts to the size of the events",
                largest_call_bytes=self._largest,
                arrow_batch_bytes=limit,
            )

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
