"""What Kafka's Java client raises, as one sentence; tests/servers has it raise that."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from program_user_info_job.failure import FailureReason
from program_user_info_job.pipeline import java_client
from program_user_info_job.pipeline.java_client import check_java_client
from tests.configuration import config


class JavaError:
    """An exception of the JVM; its class is named by `name`."""

    def __init__(self, name: str, text: str | None, cause: JavaError | None = None) -> None:
        self._name, self._text, self._cause = name, text, cause

    def getClass(self) -> JavaError:  # noqa: N802
        return self

    def getSimpleName(self) -> str:  # noqa: N802
        return self._name

    def getMessage(self) -> str | None:  # noqa: N802
        return self._text

    def getCause(self) -> JavaError | None:  # noqa: N802
        return self._cause


def failure(*errors: tuple[str, str | None]) -> java_client.JavaClientFails:
    """The failure that stands for these exceptions, the outermost first."""
    exception: JavaError | None = None
    for name, text in reversed(errors):
        exception = JavaError(name, text, exception)
    return java_client._explain("t", list(java_client._causes(exception)))


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["KafkaException", "ConfigException"], FailureReason.CONFIGURATION_INVALID),
        (["InvalidConfigurationException"], FailureReason.CONFIGURATION_INVALID),
        (["SaslAuthenticationException"], FailureReason.KAFKA_REFUSED),
        (["KafkaException", "LoginException"], FailureReason.KAFKA_REFUSED),
        (["TopicAuthorizationException"], FailureReason.KAFKA_PERMISSION_MISSING),
        (["GroupAuthorizationException"], FailureReason.KAFKA_PERMISSION_MISSING),
        (["UnknownTopicOrPartitionException"], FailureReason.KAFKA_NOT_READY),
        (["TimeoutException"], FailureReason.KAFKA_UNREACHABLE),
        (["KafkaException", "IOException"], FailureReason.KAFKA_UNREACHABLE),
        # The outermost that is known decides.
        (["SaslAuthenticationException", "ConfigException"], FailureReason.KAFKA_REFUSED),
    ],
)
def test_the_classes_of_the_exceptions_decide_on_the_reason(
    names: list[str], reason: FailureReason
) -> None:
    failed = failure(*((name, "secret") for name in names))
    assert failed.reason is reason
    assert f"fails at topic t: {', '.join(names)}" in failed.message


def test_of_the_texts_only_that_about_an_option_is_told() -> None:
    failed = failure(
        ("KafkaException", "secret"), ("ConfigException", "no such option"), ("IOException", None)
    )
    assert failed.message == (
        "kafka: Kafka's Java client, which Flink reads with, fails at topic t: KafkaException,"
        " ConfigException, IOException (no such option); check kafka.security, the Secrets that it"
        " names, and kafka.clientOptions"
    )


def test_where_connectors_come_with_the_pipeline_nothing_is_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Package:
        """What py4j takes every name for that it does not find."""

        def __getattr__(self, name: str) -> Any:
            return self

        def __call__(self) -> Any:
            return self

    monkeypatch.setattr(java_client, "get_gateway", Package())
    with capture_logs() as lines:
        check_java_client(config().kafka)
    assert [line["log_level"] for line in lines] == ["warning"]
