"""Why Kafka cannot be used, as one sentence that names the field."""

from __future__ import annotations

import msgspec
import pytest

from program_user_info_job.config.model import Config
from program_user_info_job.failure import FailureReason
from program_user_info_job.kafka import topics
from program_user_info_job.kafka.topics import explain_token
from tests.configuration import DOCUMENT, config

ENDPOINT = "https://login.example/token"
KAFKA = config(
    security={
        "protocol": "SASL_SSL",
        "saslMechanism": "OAUTHBEARER",
        "tokenEndpoint": ENDPOINT,
        "credentialsDir": "/secret",
    }
).kafka
NO_TOKEN = "Failed to acquire SASL OAUTHBEARER token: "
REFUSED = (
    f"kafka.security.credentials: {ENDPOINT} gives no token ({{}}); correct clientId and"
    " clientSecret in the Secret, or tokenScope"
)
AWAY = (
    f"kafka.security.tokenEndpoint: no token comes from {ENDPOINT}; check the address, the network"
    " policy and that the image trusts the endpoint's certificate"
)
BY_BROKER = (
    f"kafka.security: a:1, b:2 refuses the token of {ENDPOINT}; correct tokenEndpoint or"
    " tokenScope, or the issuer and the audience that the brokers expect"
)


@pytest.mark.parametrize(
    ("said", "reason", "message"),
    [
        (
            [NO_TOKEN + '{"error": "invalid_client", "error_description": "no such client x"}'],
            FailureReason.KAFKA_REFUSED,
            REFUSED.format("invalid_client"),
        ),
        (
            [NO_TOKEN + '{"error_description":"x","error":"invalid_scope"}'],
            FailureReason.KAFKA_REFUSED,
            REFUSED.format("invalid_scope"),
        ),
        ([NO_TOKEN + "Could not resolve host: h"], FailureReason.KAFKA_UNREACHABLE, AWAY),
        ([NO_TOKEN + "<html>"], FailureReason.KAFKA_UNREACHABLE, AWAY),
        (["brokers are down", NO_TOKEN + "x"], FailureReason.KAFKA_UNREACHABLE, AWAY),
        (["SASL authentication error: no"], FailureReason.KAFKA_REFUSED, BY_BROKER),
    ],
)
def test_each_failure_has_a_field_and_a_remedy(
    said: list[str], reason: FailureReason, message: str
) -> None:
    failure = explain_token(KAFKA, said)
    assert (failure.reason, failure.message) == (reason, message)


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("no-such-host.invalid:9092", "no address is known for a host of no-such-host.invalid"),
        ("127.0.0.1:1", "no answer from 127.0.0.1:1"),
    ],
)
def test_brokers_that_are_away_are_named_and_nothing_else_is_printed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], server: str, words: str
) -> None:
    monkeypatch.setattr(topics, "_FIRST_TIMEOUT", 2.0)
    document = DOCUMENT | {"kafka": DOCUMENT["kafka"] | {"bootstrapServers": [server]}}
    config = msgspec.convert(document, Config)
    with pytest.raises(topics.KafkaNotReady, match=rf"kafka\.bootstrapServers: {words}") as caught:
        topics.prepare_topics(config)
    assert caught.value.reason is FailureReason.KAFKA_UNREACHABLE
    # The controller reads a few hundred lines: the client's own must not push our sentence out.
    assert capfd.readouterr() == ("", "")
