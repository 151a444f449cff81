"""What must be true of Kafka before the pipeline starts: topics there, the group's start set."""

from __future__ import annotations

import re
from collections.abc import Sequence

import structlog
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from program_user_info_job.config.model import Config, Kafka
from program_user_info_job.failure import FailureReason, JobFailure
from program_user_info_job.kafka.client_properties import librdkafka_properties
from program_user_info_job.kafka.dead_letter_topic import ensure_dead_letter_topic
from program_user_info_job.kafka.group_start import set_start

# For the first answer: the job's condition should say within a minute that none came.
_FIRST_TIMEOUT = 10.0
_NOT_ALLOWED = (
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
)

_UNACQUIRED = "Failed to acquire SASL OAUTHBEARER token"
_OAUTH_ERROR = re.compile(r'"error"\s*:\s*"([a-z_]{1,40})"')
"""A code of RFC 6749, 5.2, in the endpoint's answer that librdkafka quotes."""

log = structlog.get_logger(__name__)


class KafkaNotReady(JobFailure):
    """Kafka cannot be used as configured; the message names the field and what to do."""


def prepare_topics(config: Config) -> list[TopicPartition]:
    """Check the input topics, create the dead-letter topic if missing, set the group's start.

    Returns the partitions of the input topics. Raises `KafkaNotReady`.
    """
    kafka = config.kafka
    reported: list[KafkaError] = []
    admin = AdminClient(librdkafka_properties(kafka) | {"error_cb": reported.append})
    try:
        partitions = _partitions(admin, kafka)
        log.info("connected to Kafka", topics=kafka.topics, partitions=len(partitions))
        ensure_dead_letter_topic(admin, kafka)
        set_start(config, partitions)
    except (KafkaException, TimeoutError) as error:
        admin.poll(0)  # only now does librdkafka tell its errors
        raise _explain(kafka, error, reported) from error
    return partitions


def _partitions(admin: AdminClient, kafka: Kafka) -> list[TopicPartition]:
    topics = [admin.list_topics(name, timeout=_FIRST_TIMEOUT).topics[name] for name in kafka.topics]
    for topic in topics:
        if topic.error is not None:
            field = "topic" if topic.topic == kafka.topic else "additionalTopics"
            raise KafkaNotReady(
                FailureReason.KAFKA_NOT_READY,
                f"kafka.{field}: {topic.topic} cannot be read ({topic.error.str()}); create it, or"
                " correct its name",
            )
    return [TopicPartition(topic.topic, each) for topic in topics for each in topic.partitions]


def _explain(
    kafka: Kafka, error: KafkaException | TimeoutError, reported: Sequence[KafkaError]
) -> KafkaNotReady:
    servers = ", ".join(kafka.bootstrap_servers)
    # librdkafka keeps trying after any of these, and mentions it in passing only.
    codes = {each.code() for each in reported}
    if KafkaError._RESOLVE in codes:  # noqa: SLF001
        return KafkaNotReady(
            FailureReason.KAFKA_UNREACHABLE,
            f"kafka.bootstrapServers: no address is known for a host of {servers}; correct the"
            " name, or check the cluster's DNS",
        )
    if KafkaError._SSL in codes:  # noqa: SLF001
        return KafkaNotReady(
            FailureReason.KAFKA_UNREACHABLE,
            f"kafka.security.tls: {servers} does not complete the TLS handshake; check the"
            " protocol, ca.crt and, if the brokers ask for them, tls.crt and tls.key",
        )
    if KafkaError._AUTHENTICATION in codes:  # noqa: SLF001
        if kafka.security.token_endpoint is not None:
            return explain_token(kafka, [each.str() for each in reported])
        return KafkaNotReady(
            FailureReason.KAFKA_REFUSED,
            f"kafka.security: {servers} refuses the credentials; correct"
            f" {' and '.join(kafka.security.credential_files)} in the Secret, or saslMechanism",
        )
    cause = error.args[0] if isinstance(error, KafkaException) else None
    said = "no answer in time" if cause is None else cause.str()
    if cause is not None and cause.code() in _NOT_ALLOWED:
        return KafkaNotReady(
            FailureReason.KAFKA_PERMISSION_MISSING,
            f"kafka.security.credentials: {said}; allow the user to read {', '.join(kafka.topics)}"
            f" as group {kafka.group_id}, and to write {kafka.dead_letter_topic}",
        )
    return KafkaNotReady(
        FailureReason.KAFKA_UNREACHABLE,
        f"kafka.bootstrapServers: no answer from {servers} ({said}); check the address, the"
        " network policy and kafka.security",
    )


def explain_token(kafka: Kafka, said: Sequence[str]) -> KafkaNotReady:
    """The failure of a client that gets no token, or has one that the brokers refuse.

    `said` is what librdkafka reported. Of the endpoint's answer only the code is relayed.
    """
    security = kafka.security
    answer = next((text for text in said if text.startswith(_UNACQUIRED)), None)
    if answer is None:
        return KafkaNotReady(
            FailureReason.KAFKA_REFUSED,
            f"kafka.security: {', '.join(kafka.bootstrap_servers)} refuses the token of"
            f" {security.token_endpoint}; correct tokenEndpoint or tokenScope, or the issuer and"
            " the audience that the brokers expect",
        )
    code = _OAUTH_ERROR.search(answer)
    if code is None:
        return KafkaNotReady(
            FailureReason.KAFKA_UNREACHABLE,
            f"kafka.security.tokenEndpoint: no token comes from {security.token_endpoint}; check"
            " the address, the network policy and that the image trusts the endpoint's certificate",
        )
    return KafkaNotReady(
        FailureReason.KAFKA_REFUSED,
        f"kafka.security.credentials: {security.token_endpoint} gives no token ({code[1]});"
        " correct clientId and clientSecret in the Secret, or tokenScope",
    )
