"""The last check of Kafka before the pipeline starts, by the client that the pipeline will use.

The checks before it are librdkafka's, which reads other key formats, trusts other certificates and
knows other options than the Java client inside Flink. Where that one fails, Flink restarts the job
for ever and the cause is a Java stack trace.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import structlog
from py4j.java_gateway import JavaClass
from py4j.protocol import Py4JJavaError
from pyflink.java_gateway import get_gateway

from program_user_info_job.config.model import Kafka
from program_user_info_job.failure import FailureReason, JobFailure
from program_user_info_job.kafka.client_properties import consumer_properties

_TIMEOUT = 15
"""Seconds for an answer; librdkafka has had one already."""
_REASONS = {
    "ConfigException": FailureReason.CONFIGURATION_INVALID,
    "InvalidConfigurationException": FailureReason.CONFIGURATION_INVALID,
    "SaslAuthenticationException": FailureReason.KAFKA_REFUSED,
    # No token was given for what the Secret holds.
    "LoginException": FailureReason.KAFKA_REFUSED,
    "TopicAuthorizationException": FailureReason.KAFKA_PERMISSION_MISSING,
    "GroupAuthorizationException": FailureReason.KAFKA_PERMISSION_MISSING,
    "UnknownTopicOrPartitionException": FailureReason.KAFKA_NOT_READY,
}
"""By the class of the Java exception; all others are `KAFKA_UNREACHABLE`."""

log = structlog.get_logger(__name__)


class JavaClientFails(JobFailure):
    """Kafka's Java client cannot be made or gets no answer; the message names its exceptions."""


def check_java_client(kafka: Kafka) -> None:
    """Look up each input topic with Flink's own Kafka client. Raises `JavaClientFails`."""
    jvm = get_gateway().jvm
    if not _has_client(jvm):
        log.warning("Kafka's Java client is not on Flink's class path, so it is not checked")
        return
    for topic in kafka.topics:
        try:
            _look_up(jvm, kafka, topic)
        except Py4JJavaError as error:
            raise _explain(topic, list(_causes(error.java_exception))) from None


def _has_client(jvm: Any) -> bool:
    """False where connectors come as `pipeline.jars`, which only the pipeline's loader has."""
    # What py4j does not find is a package to it.
    return isinstance(jvm.org.apache.kafka.clients.consumer.KafkaConsumer, JavaClass)


def _look_up(jvm: Any, kafka: Kafka, topic: str) -> None:
    properties = jvm.java.util.Properties()
    for name, value in consumer_properties(kafka, {}).items():
        properties.setProperty(name, value)
    properties.setProperty("allow.auto.create.topics", "false")
    bytes_ = jvm.org.apache.kafka.common.serialization.ByteArrayDeserializer
    consumer = jvm.org.apache.kafka.clients.consumer.KafkaConsumer(properties, bytes_(), bytes_())
    try:
        consumer.partitionsFor(topic, jvm.java.time.Duration.ofSeconds(_TIMEOUT))
    finally:
        consumer.close(jvm.java.time.Duration.ofSeconds(1))


def _causes(exception: Any) -> Iterator[tuple[str, str]]:
    """Each exception's class and text, outermost first."""
    while exception is not None:
        yield exception.getClass().getSimpleName(), exception.getMessage() or ""
        exception = exception.getCause()


def _explain(topic: str, causes: list[tuple[str, str]]) -> JavaClientFails:
    reason = next(
        (_REASONS[name] for name, _ in causes if name in _REASONS),
        FailureReason.KAFKA_UNREACHABLE,
    )
    # Of texts only those about an option: that of a login or of a key may hold a part of it.
    said = next((f" ({text})" for name, text in causes if name == "ConfigException"), "")
    return JavaClientFails(
        reason,
        f"kafka: Kafka's Java client, which Flink reads with, fails at topic {topic}:"
        f" {', '.join(name for name, _ in causes)}{said}; check kafka.security, the Secrets that it"
        " names, and kafka.clientOptions",
    )
