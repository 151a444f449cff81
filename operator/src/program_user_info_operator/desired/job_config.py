"""The job's configuration file, in the schema of `program_user_info_job.config.model`."""

from __future__ import annotations

from typing import Any

import yaml

from program_user_info_operator.api.scalars import milliseconds
from program_user_info_operator.api.spec import JobSpec, SecretReference
from program_user_info_operator.hashing import short_hash

CONFIG_DIRECTORY = "/etc/program-user-info-job"
CONFIG_FILE = "config.yaml"
SECRETS_DIRECTORY = "/etc/program-user-info-secrets"


def job_config(spec: JobSpec) -> dict[str, Any]:
    """The configuration as a document; secrets appear as the folders they are mounted at."""
    kafka, cassandra = spec.kafka, spec.cassandra
    return {
        "environment": spec.environment,
        "kafka": _present(
            bootstrapServers=kafka.bootstrap_servers,
            topic=kafka.topic,
            additionalTopics=kafka.additional_topics or None,
            groupId=kafka.group_id,
            deadLetterTopic=kafka.dead_letter_topic,
            startingOffsets=kafka.starting_offsets,
            security=_present(
                protocol=kafka.security.protocol,
                saslMechanism=kafka.security.sasl_mechanism,
                credentialsDir=secret_directory("kafka-credentials", kafka.security.credentials),
                tlsDir=secret_directory("kafka-tls", kafka.security.tls),
            ),
        ),
        "cassandra": _present(
            contactPoints=cassandra.contact_points,
            localDatacenter=cassandra.local_datacenter,
            keyspace=cassandra.keyspace,
            table=cassandra.table,
            layout=cassandra.layout,
            consistencyLevel=cassandra.consistency_level,
            # 0 turns a profile's ttl off, and so does leaving it out.
            ttl=cassandra.ttl or None,
            deletes=cassandra.deletes,
            missingProfile=cassandra.missing_profile,
            schema=cassandra.schema_.model_dump(by_alias=True),
            credentialsDir=secret_directory("cassandra-credentials", cassandra.credentials),
            tlsDir=secret_directory("cassandra-tls", cassandra.tls),
        ),
        "flink": {"checkpointInterval": milliseconds(spec.checkpoints.interval)},
    }


def configuration(spec: JobSpec, name: str) -> tuple[str, str]:
    """The configuration of the job `name`: its ConfigMap's name, by its hash, and its text."""
    text = yaml.safe_dump(job_config(spec), sort_keys=False)
    return f"{name}-config-{short_hash(text)}", text


def config_map(name: str, text: str, namespace: str) -> dict[str, Any]:
    """The immutable ConfigMap that holds a configuration."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "immutable": True,
        "data": {CONFIG_FILE: text},
    }


def secret_mounts(spec: JobSpec) -> dict[str, str]:
    """Volume names to the Secrets that are mounted under them."""
    return {_volume(field): each.secret_name for field, each in spec.secrets().items()}


def _volume(field: str) -> str:
    """`kafka-tls` of `kafka.security.tls`."""
    parts = field.split(".")
    return f"{parts[0]}-{parts[-1]}"


def secret_directory(volume: str, reference: SecretReference | None) -> str | None:
    """Where the volume's Secret is mounted."""
    return None if reference is None else f"{SECRETS_DIRECTORY}/{volume}"


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
