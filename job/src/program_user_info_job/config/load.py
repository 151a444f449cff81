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
        return msgspec.convert(document, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(FailureReason.CONFIGURATION_INVALID, f"{path}: {error}") from error
