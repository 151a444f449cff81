"""The lines that the controller finds in a log, whatever the failure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.config.load import ConfigError
from program_user_info_job.failure import FailureReason, JobFailure, reached


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (JobFailure, "program_user_info_job.failure: [KafkaUnreachable] kafka: no answer"),
        (ConfigError, "program_user_info_job.config.load: [KafkaUnreachable] kafka: no answer"),
    ],
)
def test_a_line_names_the_module_the_reason_and_what_to_do(
    kind: type[JobFailure], line: str
) -> None:
    assert kind(FailureReason.KAFKA_UNREACHABLE, "kafka: no answer").line() == line


@given(st.sampled_from(FailureReason), st.text("a \n\t\r", max_size=20))
def test_a_line_is_one_line(reason: FailureReason, message: str) -> None:
    line = JobFailure(reason, message).line()
    assert line.split() == [
        "program_user_info_job.failure:",
        f"[{reason.value}]",
        *message.split(),
    ]
    assert len(line.splitlines()) == 1


def test_a_traceback_ends_with_the_same_words() -> None:
    failure = JobFailure(FailureReason.SCHEMA_MISMATCH, "alter the table")
    assert str(failure) == "[SchemaMismatch] alter the table"
    assert (failure.reason, failure.message) == ("SchemaMismatch", "alter the table")


def test_what_is_over_is_said_in_a_line_of_the_same_form() -> None:
    assert reached("Kafka: ready after 3 s") == (
        "program_user_info_job.failure: [Reached] Kafka: ready after 3 s"
    )


def test_no_two_reasons_are_the_same_word() -> None:
    """The word is all that the controller tells one failure from another by."""
    assert len({reason.value for reason in FailureReason}) == len(FailureReason.__members__)
    assert all(reason.value.isalpha() and reason.value[0].isupper() for reason in FailureReason)
