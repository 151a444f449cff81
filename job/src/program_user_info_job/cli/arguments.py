"""What the commands share: arguments, the configuration behind them, how a failure is told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, BinaryIO, NoReturn

import typer

from program_user_info_job.config.load import ConfigError, load_config
from program_user_info_job.config.model import Config
from program_user_info_job.logs import configure_logging

ConfigFile = Annotated[
    Path, typer.Option("--config", help="The job's configuration, a YAML file.", show_default=False)
]
EventsFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FILE]", help="Events, one JSON document per line; default: standard input."
    ),
]


def load(path: Path) -> Config:
    """The configuration; where it cannot be used, say why and exit with status 2."""
    configure_logging()
    try:
        return load_config(path)
    except ConfigError as failure:
        fail(failure.message, status=2)


def open_events(file: Path | None) -> BinaryIO:
    """Events to read, from standard input where no file is named."""
    if file is None or str(file) == "-":
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as error:
        fail(f"{file}: {error.strerror}", status=2)


def say(line: str) -> None:
    """Print for people, to standard error: programs read standard output."""
    typer.echo(line, err=True)


def fail(message: str, status: int = 1) -> NoReturn:
    """Say what is wrong and exit."""
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(status)
