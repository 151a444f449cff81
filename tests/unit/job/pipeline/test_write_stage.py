"""The vectorized function: what it answers for each event, and what it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pandas as pd
import pyarrow as pa
import pytest

from program_user_info_job.config.model import Cassandra, Config, Flink, Kafka
from program_user_info_job.event.rejection import Reason, Rejection
from program_user_info_job.pipeline import program_order, write_stage
from program_user_info_job.pipeline.write_stage import WriteEvents
from program_user_info_job.store import writer
from program_user_info_job.store.encoded_batch import EncodedBatch
from program_user_info_job.store.writer import Writing
from tests.unit.job.events import event
from tests.unit.job.flink_metrics import Context
from tests.unit.job.prepared import FakeSession

CONFIG = Config(
    environment="test",
    kafka=Kafka(["kafka:9092"], topic="t", group_id="g", dead_letter_topic="t.failed"),
    cassandra=Cassandra(contact_points=["c:9042"], local_datacenter="dc"),
)


class Acknowledging(FakeSession):
    """Acknowledges every write at once."""

    def execute_async(self, statement: Any) -> Acknowledging:
        return self

    def add_callbacks(self, succeeded: Callable[[object], None], failed: object) -> None:
        succeeded(None)


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Sessions that were closed; each opened one acknowledges."""
    ends: list[bool] = []

    @contextmanager
    def open_session(*_: object) -> Iterator[FakeSession]:
        yield Acknowledging("flat", ttl=False)
        ends.append(True)

    monkeypatch.setattr(write_stage, "open_session", open_session)
    for name in ("spare_the_collector", "manage_freed_memory"):
        monkeypatch.setattr(write_stage, name, lambda *_: None)
    return ends


@pytest.mark.parametrize("zone", [None, "Asia/Kolkata"])
def test_each_event_is_acknowledged_or_told_why_not(closed: list[bool], zone: str | None) -> None:
    stage, context = WriteEvents(CONFIG), Context()
    stage.open(context)
    payloads = [msgspec.json.encode(event()), b"{", None, msgspec.json.encode(event(userId="v"))]
    moments = pd.Series(pd.to_datetime(["2023-01-12T06:30:56.829"] * 4)).dt.tz_localize(zone)
    answers = stage.eval(pd.Series(payloads), pd.Series([7, 8, 9, 10]), moments)
    assert list(answers["reason"]) == [None, "INVALID_JSON", "INVALID_JSON", None]
    assert list(answers["detail"]) == [
        *(None, "Input data was truncated", "tombstone (null payload)", None)
    ]
    # As PyFlink hands a row's columns on.
    for column, values in answers.items():
        assert pa.Array.from_pandas(values, mask=values.isnull(), type=pa.string()).null_count == 2
        assert column in ("reason", "detail")
    assert context.counts["rows_written"] == 2
    assert context.counts["INVALID_JSON.rows_rejected"] == 2
    assert context.counts["write_calls"] == 1
    assert "write_milliseconds" in context.counts
    stage.close()
    assert closed == [True]


def test_large_events_are_written_in_parts(
    closed: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = WriteEvents(CONFIG)
    stage.open(Context())
    requests: list[int] = []
    acknowledge = stage._writer._session.execute_async

    def send(statement: EncodedBatch) -> Acknowledging:
        requests.append(len(statement))
        acknowledging: Acknowledging = acknowledge(statement)
        return acknowledging

    monkeypatch.setattr(stage._writer._session, "execute_async", send)
    monkeypatch.setattr(writer, "HELD_BYTES", 2000)
    monkeypatch.setattr(program_order, "_AT_ONCE", 1)
    payloads = [msgspec.json.encode(event(userId=n, programName="x" * 900)) for n in range(7)]
    moments = pd.Series(pd.to_datetime(["2023-01-12"] * 7))
    answers = stage.eval(pd.Series(payloads), pd.Series(range(7)), moments)
    assert requests == [3, 3, 1]  # of one program, so without the bound a single one
    assert list(answers["reason"]) == [None] * 7


def test_a_call_beyond_its_bytes_is_warned_of(
    closed: list[bool], caplog: pytest.LogCaptureFixture
) -> None:
    payload = msgspec.json.encode(event())
    for limit, warned in ((len(payload), True), (2 * len(payload), False)):
        flink = Flink(arrow_batch_bytes=limit)
        stage = WriteEvents(msgspec.structs.replace(CONFIG, flink=flink))
        stage.open(Context())
        moments = pd.Series(pd.to_datetime(["2023-01-12"] * 2))
        caplog.clear()
        stage.eval(pd.Series([payload] * 2), pd.Series([1, 2]), moments)
        assert ("spec.restartNonce" in caplog.text) == warned


def test_the_newest_acknowledged_event_says_how_fresh_the_table_is(
    closed: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, context = WriteEvents(CONFIG), Context()
    stage.open(context)
    assert context.moments() == [0, 0]

    def write(payloads: list[bytes], *seconds: int) -> None:
        moments = pd.Series(pd.to_datetime(list(seconds), unit="s"))
        stage.eval(pd.Series(payloads), pd.Series(range(len(payloads))), moments)

    updated = [msgspec.json.encode(event(updatedAt=second * 1000)) for second in (80, 50, 90)]
    write([*updated[:2], b"{"], 100, 300, 200)
    # A rejection is acknowledged too, but it is not a row.
    assert context.moments() == [300_000, 80_000]
    assert context.counts["events_acknowledged"] == 3
    refusal = {0: Rejection(Reason.REFUSED_BY_CASSANDRA, "-")}
    monkeypatch.setattr(Writing, "finish", lambda _: refusal)
    write([updated[2]], 250)
    assert context.moments() == [300_000, 80_000]
    assert context.counts["events_acknowledged"] == 4


@pytest.mark.parametrize(
    ("start", "noted"),
    [("committed", 0), ("earliest", 1), ("latest", 1), ("2023-01-12T06:30:00Z", 1)],
)
def test_the_note_of_the_start_is_renewed(
    closed: list[bool], monkeypatch: pytest.MonkeyPatch, start: str, noted: int
) -> None:
    renewed: list[Config] = []
    monkeypatch.setattr(write_stage, "note_start", renewed.append)
    monkeypatch.setattr(write_stage, "_LOG_INTERVAL", 0.0)
    monkeypatch.setattr(write_stage, "_START_NOTED", 0.0)
    kafka = msgspec.structs.replace(CONFIG.kafka, starting_offsets=start)
    stage = WriteEvents(msgspec.structs.replace(CONFIG, kafka=kafka))
    stage.open(Context())
    moments = pd.Series(pd.to_datetime(["2023-01-12"]))
    stage.eval(pd.Series([b"{"]), pd.Series([1]), moments)
    assert len(renewed) == noted


def test_it_is_called_once_an_event() -> None:
    assert not WriteEvents(CONFIG).is_deterministic()
