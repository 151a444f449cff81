"""Read and validate the configuration file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import structlog
import yaml

from program_user_info_job.config.client_options import (
    CONSUMER_OPTIONS,
    PRODUCER_OPTIONS,
    SHARED_OPTIONS,
)
from program_user_info_job.config.model import Cassandra, Config, Kafka, KafkaSecurity
from program_user_info_job.config.tls_files import UnreadableTls, check_tls_files
from program_user_info_job.failure import FailureReason, JobFailure

log = structlog.get_logger(__name__)


class ConfigError(JobFailure):
    """The file cannot be used; the message names the file, the field and what would be right."""


def load_config(path: Path) -> Config:
    """The configuration in the YAML (or JSON) file at `path`. Raises `ConfigError`.

    A controller of another release may have rendered it: fields that this release does not know
    are ignored and named in one warning, without their values; missing ones have their defaults.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            FailureReason.CONFIGURATION_INVALID, f"{path}: {error.strerror}; pass an existing file"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(
            FailureReason.CONFIGURATION_INVALID, f"{path}: not YAML: {error}"
        ) from error
    try:
        config = msgspec.convert(document, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(FailureReason.CONFIGURATION_INVALID, f"{path}: {error}") from error
    unknown = sorted([*unknown_fields(document, Config), *_unknown_options(config.kafka)])
    if unknown:
        log.warning("this release of the job ignores fields that it does not know", fields=unknown)
    _check_start(path, config.kafka.starting_offsets)
    _check_place(path, config.cassandra)
    _check_credentials(config.kafka.security)
    _check_tls(config.kafka.security.tls_dir)
    return config


def unknown_fields(document: Any, section: type[msgspec.Struct], path: str = "") -> Iterator[str]:
    """Paths of the fields in a document that its type does not have."""
    known = {each.encode_name: each.type for each in msgspec.structs.fields(section)}
    for name, value in document.items():
        if name not in known:
            yield f"{path}{name}"
        elif isinstance(value, dict) and _is_section(known[name]):
            yield from unknown_fields(value, known[name], f"{path}{name}.")


def _unknown_options(kafka: Kafka) -> Iterator[str]:
    known = CONSUMER_OPTIONS | PRODUCER_OPTIONS | SHARED_OPTIONS
    return (f"kafka.clientOptions.{name}" for name in kafka.client_options.keys() - known)


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _check_start(path: Path, start: str) -> None:
    try:
        if start[0].isdigit():
            datetime.fromisoformat(start)
    except ValueError as error:
        raise ConfigError(
            FailureReason.CONFIGURATION_INVALID,
            f"{path}: kafka.startingOffsets: {start} is not a time ({error}); correct it",
        ) from error


def _check_place(path: Path, cassandra: Cassandra) -> None:
    """Either a bundle says where the nodes are, or the fields beside it do."""
    has_bundle = cassandra.secure_connect_bundle_dir is not None
    fields = {
        "contactPoints": cassandra.contact_points,
        "localDatacenter": cassandra.local_datacenter,
        "tlsDir": cassandra.tls_dir,
    }
    for name, value in fields.items():
        if has_bundle and value is not None:
            problem = "must be absent with secureConnectBundleDir; remove one of them"
        elif not has_bundle and value is None and name != "tlsDir":
            problem = "needed without secureConnectBundleDir; set it"
        else:
            continue
        raise ConfigError(
            FailureReason.CONFIGURATION_INVALID, f"{path}: cassandra.{name}: {problem}"
        )


def _check_credentials(security: KafkaSecurity) -> None:
    """Kafka's Java client reads the files as they are, into a quoted option."""
    if security.sasl_mechanism == "OAUTHBEARER" and security.token_endpoint is None:
        raise ConfigError(
            FailureReason.CONFIGURATION_INVALID,
            "kafka.security.tokenEndpoint: needed with saslMechanism OAUTHBEARER; set it",
        )
    directory = security.credentials_dir
    for name in security.credential_files if directory else ():
        file = Path(directory or "") / name
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(
                FailureReason.CONFIGURATION_INVALID,
                f"kafka.security.credentials: {file}: {error.strerror}; add {name} to the Secret",
            ) from error
        if set(text) & set('"\\\r\n'):
            raise ConfigError(
                FailureReason.CONFIGURATION_INVALID,
                f"kafka.security.credentials: {name} holds a line break, quote or backslash, which"
                " Kafka's Java client cannot take; write it without (no line break at its end)",
            )


def _check_tls(directory: str | None) -> None:
    try:
        if directory is not None:
            check_tls_files(Path(directory))
    except UnreadableTls as error:
        raise ConfigError(FailureReason.CONFIGURATION_INVALID, str(error)) from error
