"""`spec.kafka`: where events come from and where dead letters go."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from program_user_info_operator.api.checks import Rule, cel, cel_list
from program_user_info_operator.api.kafka_options import CLIENT_OPTIONS
from program_user_info_operator.api.scalars import (
    Duration,
    GroupId,
    HostPort,
    StartingOffsets,
    TokenScope,
    Topic,
    Url,
)
from program_user_info_operator.api.section import SecretReference, Section


def _only_client_options(options: dict[str, str]) -> dict[str, str]:
    refused = sorted(set(options) - set(CLIENT_OPTIONS))
    if refused:
        raise ValueError(
            f"{', '.join(refused)} cannot be set; remove it, or use the field of spec if there is"
            f" one. Allowed are {', '.join(CLIENT_OPTIONS)}"
        )
    return options


class KafkaSecurity(Section):
    """How the brokers are reached."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            Rule(
                "!has(self.saslMechanism) || !has(self.protocol)"
                " || self.protocol.startsWith('SASL')",
                "saslMechanism needs protocol SASL_PLAINTEXT or SASL_SSL",
            ),
            Rule(
                "!has(self.tokenEndpoint) || !has(self.saslMechanism)"
                " || self.saslMechanism == 'OAUTHBEARER'",
                "tokenEndpoint needs saslMechanism OAUTHBEARER",
            ),
        )
    )
    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="Protocol of the brokers."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = (
        Field(None, description="SASL mechanism, with a SASL protocol.")
    )
    credentials: SecretReference | None = Field(
        None,
        description="Secret with the keys username and password; with OAUTHBEARER, clientId and"
        " clientSecret.",
    )
    token_endpoint: Url | None = Field(
        None, description="With OAUTHBEARER: where the client gets its tokens."
    )
    token_scope: TokenScope | None = Field(
        None, description="With OAUTHBEARER: the scope that the client asks for."
    )
    tls: SecretReference | None = Field(
        None, description="Secret with ca.crt and, for mutual TLS, tls.crt and tls.key."
    )
    verify_host_names: bool = Field(
        True, description="With TLS, refuse brokers whose certificates lack their host names."
    )


class Kafka(Section):
    """Where events come from and where dead letters go."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            Rule(
                "!has(self.deadLetterTopic) || ((!has(self.topic) || self.topic !="
                " self.deadLetterTopic) && (!has(self.additionalTopics)"
                " || !(self.deadLetterTopic in self.additionalTopics)))",
                "deadLetterTopic must not be one of the topics that the job reads",
            )
        )
    )
    bootstrap_servers: Annotated[list[HostPort], Field(min_length=1, max_length=16)] = Field(
        description="Brokers to connect to first."
    )
    topic: Topic = Field(description="Input topic. Default: <environment>.programuser.info.")
    additional_topics: Annotated[list[Topic], Field(max_length=16)] = Field(
        [], description="More input topics with the same kind of events."
    )
    group_id: GroupId = Field(
        description="Consumer group. Default: <environment>-programuser-group."
    )
    starting_offsets: StartingOffsets = Field(
        "committed",
        description="Where the group starts on a topic. committed: at its committed offsets, or at"
        " the oldest record if it has none. earliest: at the oldest record; a group with"
        " committed offsets is rewound once. latest or a UTC time: there, if it has no committed"
        " offsets.",
    )
    dead_letter_topic: Topic = Field(
        description="Topic for rejected events. Default: <topic>.failed."
    )
    partition_discovery: Duration | None = Field(
        None, description="Interval of the check for new partitions. Default: 1min."
    )
    security: KafkaSecurity = Field(
        KafkaSecurity(), description="Protocol, credentials and TLS of the connection to Kafka."
    )
    client_options: Annotated[
        dict[str, Annotated[str, Field(max_length=1024)]],
        Field(
            max_length=32,
            json_schema_extra=cel(
                Rule(
                    f"self.all(key, key in {cel_list(CLIENT_OPTIONS)})",
                    "names an option that cannot be set; docs/reference.md lists those that can",
                )
            ),
        ),
        AfterValidator(_only_client_options),
    ] = Field(
        {},
        description="Options of Kafka's Java client. Allowed are "
        + ", ".join(f"`{key}`" for key in CLIENT_OPTIONS)
        + ".",
    )
