"""Calls of the write stage hold as many events as their bytes allow."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from program_user_info_job.config.model import Config, Flink
from program_user_info_job.pipeline.arrow_batch import (
    UNKNOWN_SIZE,
    fit_to_events,
    limit,
    read_ahead,
    size_to_expect,
)
from program_user_info_job.pipeline.settings import flink_settings
from program_user_info_job.pipeline.sql import source_ddl
from tests.configuration import DOCUMENT

CONFIG = msgspec.convert(DOCUMENT, Config)
FLINKS = st.builds(
    Flink,
    arrow_batch=st.integers(1, 1_000_000),
    arrow_batch_bytes=st.integers(1 << 20, 1 << 30),
    bundle_records=st.integers(1, 1_000_000),
)


@given(FLINKS, st.integers(0, 1 << 25))
def test_the_bytes_of_a_call_and_of_a_bundle_stay_within_their_limits(
    flink: Flink, size: int
) -> None:
    fitted = limit(flink, size)
    assert 1 <= fitted.arrow_batch <= flink.arrow_batch
    assert fitted.arrow_batch == 1 or fitted.arrow_batch * size <= flink.arrow_batch_bytes
    # A bundle is as many calls as before, so its bytes are bounded as well.
    assert fitted.bundle_records == 1 or (
        fitted.bundle_records * flink.arrow_batch <= flink.bundle_records * fitted.arrow_batch
    )
    assert read_ahead(fitted) <= fitted.arrow_batch


@given(FLINKS, st.integers(0, 1 << 20))
def test_no_call_is_smaller_than_its_bytes_ask_for(flink: Flink, size: int) -> None:
    fitted = limit(flink, size)
    if fitted.arrow_batch < flink.arrow_batch:
        assert (fitted.arrow_batch + 1) * size > flink.arrow_batch_bytes
    else:
        assert fitted.bundle_records == flink.bundle_records


def test_ordinary_events_fill_calls_and_large_ones_do_not() -> None:
    flink = Flink()
    assert limit(flink, 1_200) == flink
    large = limit(flink, 20_000)
    assert large.arrow_batch * 20_000 <= flink.arrow_batch_bytes
    assert large.bundle_records * 20_000 <= 2 * flink.arrow_batch_bytes


def test_the_place_with_the_largest_events_counts() -> None:
    assert size_to_expect([[1_000] * 250, [], [20_000, 10_000], [3]]) == 15_000
    assert size_to_expect([[0, 1]]) == 1
    assert size_to_expect([[], []]) is None


def test_a_topic_without_events_gets_small_calls() -> None:
    with capture_logs() as lines:
        flink = fit_to_events(CONFIG, []).flink
    assert flink.arrow_batch == CONFIG.flink.arrow_batch_bytes // UNKNOWN_SIZE
    assert [line["bytes_of_an_event"] for line in lines] == ["not known"]


def test_what_is_chosen_is_logged_and_reaches_flink_and_kafka() -> None:
    with capture_logs() as lines:
        config = fit_to_events(CONFIG, [[20_000] * 3])
    (line,) = lines
    assert (line["arrow_batch"], line["bytes_of_an_event"], line["sampled"]) == (1258, 20_000, 3)
    settings = flink_settings(config, "/python", None)
    assert settings["python.fn-execution.arrow.batch.size"] == "1258"
    assert settings["python.fn-execution.bundle.size"] == "2516"
    assert "'properties.max.poll.records' = '1258'" in source_ddl(config.kafka, config.flink)
