"""Which options of Kafka's client a configuration may set."""

from __future__ import annotations

import pytest

from program_user_info_job.config.client_options import (
    CONSUMER_OPTIONS,
    PRODUCER_OPTIONS,
    SHARED_OPTIONS,
)
from program_user_info_job.config.model import Flink
from program_user_info_job.pipeline.sql import dead_letter_ddl, source_ddl
from program_user_info_operator.api.kafka_options import CLIENT_OPTIONS
from tests.configuration import config


def test_the_resource_allows_the_options_that_the_job_takes() -> None:
    assert set(CLIENT_OPTIONS) == CONSUMER_OPTIONS | PRODUCER_OPTIONS | SHARED_OPTIONS


def test_an_option_is_for_reading_for_writing_or_for_both() -> None:
    assert not CONSUMER_OPTIONS & PRODUCER_OPTIONS
    assert not SHARED_OPTIONS & (CONSUMER_OPTIONS | PRODUCER_OPTIONS)


@pytest.mark.parametrize("name", sorted(CONSUMER_OPTIONS | PRODUCER_OPTIONS | SHARED_OPTIONS))
def test_an_option_reaches_the_client_that_it_is_for(name: str) -> None:
    kafka = config(clientOptions={name: "set"}).kafka
    option = f"'properties.{name}' = 'set'"
    assert (option in source_ddl(kafka, Flink())) == (name not in PRODUCER_OPTIONS)
    assert (option in dead_letter_ddl(kafka)) == (name not in CONSUMER_OPTIONS)
