"""Which options of Kafka's client a configuration may set."""

from __future__ import annotations

from program_user_info_job.config.client_options import (
    CONSUMER_OPTIONS,
    PRODUCER_OPTIONS,
    SHARED_OPTIONS,
)
from program_user_info_operator.api.kafka_options import CLIENT_OPTIONS


def test_the_resource_allows_the_options_that_the_job_takes() -> None:
    assert set(CLIENT_OPTIONS) == CONSUMER_OPTIONS | PRODUCER_OPTIONS | SHARED_OPTIONS
