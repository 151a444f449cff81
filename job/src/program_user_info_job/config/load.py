"""Read and validate the configuration file."""

from __future__ import annotations

from pathlib import Path

import msgspec
import yaml

from program_user_info_job.config.model import Config
from program_user_info_job.failure import FailureReason, JobFailure


class ConfigError(JobFailure):
    """The file cannot be used; the message names the file, the field and what would be right."""


def load_config(path: Path) -> Config:
    """The configuration in the YAML (or JSON) file at `path`. Raises `ConfigError`."""
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
    _check_credentials(config.kafka.security.credentials_dir)
    return config


def _check_credentials(directory: str | None) -> None:
    """Kafka's Java client reads the files as they are, into a quoted option."""
    for name in ("username", "password") if directory else ():
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
