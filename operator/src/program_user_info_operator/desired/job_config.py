"""The job's configuration file, in the schema of `program_user_info_job.config.model`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import yaml

from program_user_info_operator.api.cassandra_section import Writes
from program_user_info_operator.api.scalars import milliseconds
from program_user_info_operator.api.section import SecretReference
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.hashing import short_hash

# The same bytes and documents as PyYAML's own, in a tenth of the time.
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

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
                tokenEndpoint=kafka.security.token_endpoint,
                tokenScope=kafka.security.token_scope,
                credentialsDir=secret_directory("kafka-credentials", kafka.security.credentials),
                tlsDir=secret_directory("kafka-tls", kafka.security.tls),
                # Said only where it is off: the configurations of jobs that run stay as they are.
                verifyHostNames=None if kafka.security.verify_host_names else False,
            ),
            clientOptions=kafka.client_options or None,
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
            secureConnectBundleDir=secret_directory(
                "cassandra-secure-connect-bundle", cassandra.secure_connect_bundle
            ),
            verifyHostNames=cassandra.verify_host_names or None,
        ),
        **_limits(spec.writes),
        "flink": _present(
            checkpointInterval=milliseconds(spec.checkpoints.interval),
            bundleTime=_optional(spec.writes.bundle_time, milliseconds),
            bundleRecords=spec.writes.bundle_records,
            arrowBatch=spec.writes.arrow_batch,
            arrowBatchBytes=spec.writes.arrow_batch_bytes,
            partitionDiscovery=_optional(kafka.partition_discovery, milliseconds),
        ),
    }


def _limits(writes: Writes) -> dict[str, Any]:
    """The section `writes`, left out where every limit is the job's own."""
    limits = _present(
        batchRows=writes.batch_rows,
        batchBytes=writes.batch_bytes,
        inFlight=writes.in_flight,
        requestTimeout=_optional(writes.request_timeout, _seconds),
        giveUpAfter=_optional(writes.give_up_after, _seconds),
        futureBound=_optional(writes.future_bound, _seconds),
    )
    return {"writes": limits} if limits else {}


def _seconds(duration: str) -> int:
    return milliseconds(duration) // 1000


def _optional(value: str | None, convert: Callable[[str], int]) -> int | None:
    return None if value is None else convert(value)


def configuration_text(document: Mapping[str, Any]) -> str:
    """A configuration as the text of its file."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False)


@lru_cache(maxsize=256)
def read_configuration(text: str) -> dict[str, Any]:
    """The document in such a text. The answer must not be changed."""
    document: dict[str, Any] = yaml.load(text, Loader=_Loader)
    return document


def configuration_name(job: str, text: str) -> str:
    """Name of the ConfigMap for a configuration of this job: it ends in the text's hash."""
    return f"{job}-config-{short_hash(text)}"


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
    """`kafka-tls` of `kafka.security.tls`; the name of a volume has no upper case."""
    parts = field.split(".")
    last = re.sub("[A-Z]", lambda capital: f"-{capital[0].lower()}", parts[-1])
    return f"{parts[0]}-{last}"


def secret_directory(volume: str, reference: SecretReference | None) -> str | None:
    """Where the volume's Secret is mounted."""
    return None if reference is None else f"{SECRETS_DIRECTORY}/{volume}"


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
