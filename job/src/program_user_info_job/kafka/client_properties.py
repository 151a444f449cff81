"""Kafka client properties, for the Java client inside Flink and for librdkafka in the commands.

Passwords are never put into the Java properties, which end up in Flink's job graph: the client
reads them from the mounted files itself, through Kafka's own config providers (KIP-297, KIP-421).
"""

from __future__ import annotations

from pathlib import Path

from program_user_info_job.config.client_options import (
    CONSUMER_OPTIONS,
    PRODUCER_OPTIONS,
    SHARED_OPTIONS,
)
from program_user_info_job.config.model import Kafka, KafkaSecurity

_LOGIN_MODULES = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}
_OAUTH = "org.apache.kafka.common.security.oauthbearer"
_WITH_PROVIDER = {
    "config.providers": "directory",
    "config.providers.directory.class": (
        "org.apache.kafka.common.config.provider.DirectoryConfigProvider"
    ),
}


def consumer_properties(kafka: Kafka, defaults: dict[str, str]) -> dict[str, str]:
    """Properties of the Java client that reads; the configuration's options win over `defaults`."""
    return defaults | _chosen(kafka, CONSUMER_OPTIONS) | java_properties(kafka)


def producer_properties(kafka: Kafka, defaults: dict[str, str]) -> dict[str, str]:
    """Properties of the Java client that writes dead letters."""
    return defaults | _chosen(kafka, PRODUCER_OPTIONS) | java_properties(kafka)


def _chosen(kafka: Kafka, own: frozenset[str]) -> dict[str, str]:
    names = own | SHARED_OPTIONS
    return {name: value for name, value in kafka.client_options.items() if name in names}


def java_properties(kafka: Kafka) -> dict[str, str]:
    """Addresses and security of the Java client, without any secret in them."""
    security = kafka.security
    properties = {
        "bootstrap.servers": ",".join(kafka.bootstrap_servers),
        "security.protocol": security.protocol,
    }
    properties |= _java_sasl(security)
    if security.tls_dir:
        properties |= {
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": f"{security.tls_dir}/ca.crt",
        }
        if _is_mutual(security.tls_dir):
            properties |= _WITH_PROVIDER | {
                "ssl.keystore.type": "PEM",
                "ssl.keystore.certificate.chain": _reference(security.tls_dir, "tls.crt"),
                "ssl.keystore.key": _reference(security.tls_dir, "tls.key"),
            }
    if not security.verify_host_names:
        properties["ssl.endpoint.identification.algorithm"] = ""
    return properties


def librdkafka_properties(kafka: Kafka) -> dict[str, str]:
    """Properties of librdkafka; the secrets are read from the mounted files now."""
    security = kafka.security
    properties = {
        "bootstrap.servers": ",".join(kafka.bootstrap_servers),
        "security.protocol": security.protocol,
        # An unknown host name alone is twenty lines a second, which would hide our own message.
        "log_level": "0",
    }
    properties |= _librdkafka_sasl(security)
    if security.tls_dir:
        properties["ssl.ca.location"] = f"{security.tls_dir}/ca.crt"
        if _is_mutual(security.tls_dir):
            properties["ssl.certificate.location"] = f"{security.tls_dir}/tls.crt"
            properties["ssl.key.location"] = f"{security.tls_dir}/tls.key"
    if not security.verify_host_names:
        properties["ssl.endpoint.identification.algorithm"] = "none"
    return properties


def _java_sasl(security: KafkaSecurity) -> dict[str, str]:
    if not (security.sasl_mechanism and security.credentials_dir):
        return {}
    values = {
        name: _reference(security.credentials_dir, name) for name in security.credential_files
    }
    properties = _WITH_PROVIDER | {"sasl.mechanism": security.sasl_mechanism}
    if security.token_endpoint is None:
        module = _LOGIN_MODULES[security.sasl_mechanism]
    else:
        module = f"{_OAUTH}.OAuthBearerLoginModule"
        properties |= {
            "sasl.login.callback.handler.class": f"{_OAUTH}.OAuthBearerLoginCallbackHandler",
            "sasl.oauthbearer.token.endpoint.url": security.token_endpoint,
            # The default of client 4 loads jose4j, which brokers alone need; client 3 has neither.
            "sasl.oauthbearer.jwt.validator.class": f"{_OAUTH}.ClientJwtValidator",
        }
        if security.token_scope is not None:
            values["scope"] = security.token_scope
    options = " ".join(f'{name}="{value}"' for name, value in values.items())
    return properties | {"sasl.jaas.config": f"{module} required {options};"}


def _librdkafka_sasl(security: KafkaSecurity) -> dict[str, str]:
    if not (security.sasl_mechanism and security.credentials_dir):
        return {}
    user, secret = (_read(security, name) for name in security.credential_files)
    properties: dict[str, str] = {"sasl.mechanism": security.sasl_mechanism}
    if security.token_endpoint is None:
        return properties | {"sasl.username": user, "sasl.password": secret}
    properties |= {
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": security.token_endpoint,
        "sasl.oauthbearer.client.id": user,
        "sasl.oauthbearer.client.secret": secret,
    }
    if security.token_scope is not None:
        properties["sasl.oauthbearer.scope"] = security.token_scope
    return properties


def _is_mutual(directory: str) -> bool:
    """Whether the Secret holds a certificate of ours, too."""
    return (Path(directory) / "tls.crt").exists()


def _reference(directory: str, name: str) -> str:
    """What the Java client replaces by the file's contents when it starts."""
    return f"${{directory:{directory}:{name}}}"


def _read(security: KafkaSecurity, name: str) -> str:
    return (Path(security.credentials_dir or "") / name).read_text(encoding="utf-8").strip()
