"""The Secrets that a job uses: what is missing in them, and digests of what they hold."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.observed.secrets import (
    SecretFacts,
    missing_secrets,
    read_digest_key,
    secret_facts,
    secrets_digest,
    used_keys,
)
from tests.unit.operator.specs import resolved, with_fields


def secured() -> Any:
    security = {
        "protocol": "SASL_SSL",
        "saslMechanism": "PLAIN",
        "credentials": {"secretName": "kafka"},
        "tls": {"secretName": "tls"},
    }
    return resolved(with_fields(kafka={"security": security})).spec


@pytest.mark.parametrize(
    ("keys", "missing"),
    [
        (("ca.crt",), []),
        (("ca.crt", "tls.crt", "tls.key"), []),
        (("ca.crt", "tls.crt"), ["kafka.security.tls: Secret tls lacks tls.key; add it"]),
        (("ca.crt", "tls.key"), ["kafka.security.tls: Secret tls lacks tls.crt; add it"]),
        ((), ["kafka.security.tls: Secret tls lacks ca.crt; add it"]),
    ],
)
def test_missing_keys_are_named(keys: tuple[str, ...], missing: list[str]) -> None:
    found = {
        "kafka": SecretFacts(frozenset({"username", "password"}), "1"),
        "tls": SecretFacts(frozenset(keys), "1"),
    }
    assert missing_secrets(secured(), found) == missing


def test_the_secret_of_a_client_that_gets_tokens_has_other_keys() -> None:
    security = {
        "protocol": "SASL_SSL",
        "saslMechanism": "OAUTHBEARER",
        "tokenEndpoint": "https://login.example/token",
        "credentials": {"secretName": "client"},
    }
    spec = resolved(with_fields(kafka={"security": security})).spec
    assert used_keys(spec) == {"client": {"clientId", "clientSecret"}}
    found = {"client": SecretFacts(frozenset({"clientId", "password"}), "1")}
    assert missing_secrets(spec, found) == [
        "kafka.security.credentials: Secret client lacks clientSecret; add it"
    ]


TLS = frozenset({"ca.crt", "tls.crt", "tls.key"})


def secret(name: str = "tls", **data: str) -> dict[str, Any]:
    values = {key.replace("_", "."): value for key, value in data.items()}
    return {"metadata": {"name": name, "resourceVersion": "1"}, "data": values}


def digest(live: dict[str, Any], key: bytes = b"k") -> str | None:
    return secrets_digest({"tls": secret_facts(live, TLS, key)}, key)


def test_the_keys_that_a_job_reads() -> None:
    assert used_keys(secured()) == {"kafka": frozenset({"username", "password"}), "tls": TLS}
    assert used_keys(resolved(with_fields()).spec) == {}


def test_a_digest_changes_with_the_values_that_the_job_reads_and_with_nothing_else() -> None:
    first = secret(ca_crt="YQ==")
    touched = {**first, "metadata": {"name": "tls", "resourceVersion": "2", "labels": {"a": "b"}}}
    assert digest(touched) == digest(secret(ca_crt="YQ==", other="x")) == digest(first)
    assert digest(secret(ca_crt="Yg==")) != digest(first)
    assert digest(secret(ca_crt="YQ==", tls_key="eA==")) != digest(first)
    assert secrets_digest({}, b"k") is None


def test_a_digest_can_be_made_only_with_the_key() -> None:
    found = digest(secret(ca_crt="YQ=="))
    assert found != digest(secret(ca_crt="YQ=="), b"other")
    assert "YQ==" not in str(secret_facts(secret(ca_crt="YQ=="), TLS, b"k"))


def test_the_key_is_in_a_secret_of_the_operators_own() -> None:
    assert read_digest_key({"data": {"key": "a2V5"}}) == b"key"
    assert read_digest_key({"data": {}}) is None
    assert read_digest_key({}) is None


KAFKA = {"bootstrapServers": ["kafka:9092"]}
BUNDLE = {"secureConnectBundle": {"secretName": "astra"}}


def cr(**cassandra: Any) -> dict[str, Any]:
    return {"environment": "dev", "kafka": KAFKA, "cassandra": cassandra}


def test_the_secret_needs_the_bundle_under_its_name() -> None:
    spec = resolved(cr(**BUNDLE)).spec
    assert used_keys(spec) == {"astra": {"secure-connect-bundle.zip"}}
    (message,) = missing_secrets(spec, {"astra": None})
    assert message == (
        "cassandra.secureConnectBundle: there is no Secret astra; create it with key"
        " secure-connect-bundle.zip"
    )
    other = SecretFacts(frozenset({"secure-connect-db.zip"}), "1")
    assert missing_secrets(spec, {"astra": other}) == [
        "cassandra.secureConnectBundle: Secret astra lacks secure-connect-bundle.zip; add it"
    ]
