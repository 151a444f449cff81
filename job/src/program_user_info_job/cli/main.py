"""`program-user-info-job`: flatten, run, schema, produce."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, BinaryIO, NoReturn

import typer

from program_user_info_job.cli.flatten import Printer
from program_user_info_job.config.load import ConfigError, load_config
from program_user_info_job.config.model import Config
from program_user_info_job.logs import configure_logging
from program_user_info_job.row.convert import Rules
from program_user_info_job.row.layout import LAYOUTS

app = typer.Typer(
    name="program-user-info-job",
    help="Flatten program enrolment events and upsert them in Cassandra.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)

ConfigFile = Annotated[
    Path, typer.Option("--config", help="The job's configuration file, YAML.", show_default=False)
]
EventsFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FILE]", help="Events, one JSON document a line; default: standard input."
    ),
]


@app.command()
def flatten(
    file: EventsFile = None,
    layout: Annotated[str, typer.Option(help="flat or map.")] = "flat",
) -> None:
    """Print the row, or the rejection, of each event."""
    if layout not in LAYOUTS:
        _fail(f"--layout: {layout} is none of {', '.join(LAYOUTS)}", status=2)
    printer = Printer(Rules(layout=LAYOUTS[layout]))
    with _open(file) as lines:
        for line in lines:
            sys.stdout.buffer.write(printer.format(line.rstrip(b"\r\n")))


@app.command()
def run(
    config: ConfigFile,
    jars: Annotated[
        Path | None, typer.Option(help="A folder of connector jars, if Flink's lib has none.")
    ] = None,
) -> None:
    """Prepare topics and table, then submit the pipeline."""
    from program_user_info_job.pipeline.submit import submit
    from program_user_info_job.pipeline.topics import KafkaNotReady, prepare_topics
    from program_user_info_job.store.bootstrap import SchemaNotReady, prepare_schema

    loaded = _load(config)
    try:
        prepare_topics(loaded.kafka)
        prepare_schema(loaded, create=loaded.cassandra.schema.manage)
    except (KafkaNotReady, SchemaNotReady) as error:
        _fail(str(error))
    submit(loaded, jars)


@app.command()
def schema(
    config: ConfigFile,
    apply: Annotated[bool, typer.Option("--apply", help="Create what is missing.")] = False,
) -> None:
    """Print the keyspace and the table as CQL, or create them."""
    from program_user_info_job.store.bootstrap import SchemaNotReady, prepare_schema
    from program_user_info_job.store.schema import create_statements

    loaded = _load(config)
    if not apply:
        typer.echo(";\n\n".join(create_statements(loaded.cassandra)) + ";")
        return
    try:
        prepare_schema(loaded, create=True)
    except SchemaNotReady as error:
        _fail(str(error))


@app.command()
def produce(config: ConfigFile, events: EventsFile = None) -> None:
    """Send events to the input topic, each line as it stands."""
    from program_user_info_job.cli.produce import ProduceError, send

    loaded = _load(config)
    try:
        with _open(events) as lines:
            count = send(loaded.kafka, (line.rstrip(b"\r\n") for line in lines))
    except ProduceError as error:
        _fail(str(error))
    typer.echo(f"{count} events sent to {loaded.kafka.topic}", err=True)


def _load(path: Path) -> Config:
    configure_logging()
    try:
        return load_config(path)
    except ConfigError as error:
        _fail(str(error), status=2)


def _open(file: Path | None) -> BinaryIO:
    if file is None or str(file) == "-":
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as error:
        _fail(f"{file}: {error.strerror}", status=2)


def _fail(message: str, status: int = 1) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(status)


def main() -> None:
    """The console script."""
    app()
