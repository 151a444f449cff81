"""`program-user-info-job`: flatten, run, schema, produce, replay, dead-letters, verify, repair."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path
from typing import Annotated

import typer

from program_user_info_job.cli import kafka_commands, table_commands
from program_user_info_job.cli.arguments import ConfigFile, EventsFile, fail, open_events, say
from program_user_info_job.cli.flatten import Printer
from program_user_info_job.failure import JobFailure
from program_user_info_job.logs import configure_logging
from program_user_info_job.row.event_to_row import Rules
from program_user_info_job.row.layout import LAYOUTS

app = typer.Typer(
    name="program-user-info-job",
    help="Flatten program enrolment events and upsert them in Cassandra.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"program-user-info-job {importlib.metadata.version('program-user-info-job')}")
        raise typer.Exit


@app.callback()
def show_version(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Flatten program enrolment events and upsert them in Cassandra."""


@app.command()
def flatten(
    file: EventsFile = None,
    layout: Annotated[str, typer.Option(help="flat or map.")] = "flat",
) -> None:
    """Print the row, or the rejection, of each event."""
    if layout not in LAYOUTS:
        fail(f"--layout: {layout} is none of {', '.join(LAYOUTS)}", status=2)
    printer = Printer(Rules(layout=LAYOUTS[layout]))
    with open_events(file) as lines:
        for line in lines:
            sys.stdout.buffer.write(printer.format(line.rstrip(b"\r\n")))


@app.command()
def run(
    config: ConfigFile,
    jars: Annotated[
        Path | None, typer.Option(help="Folder with connector jars, if Flink's lib has none.")
    ] = None,
    wait: Annotated[
        bool, typer.Option(help="Wait until topics and table are ready, or fail at once.")
    ] = True,
) -> None:
    """Prepare topics and table, then submit the pipeline."""
    from program_user_info_job.pipeline.start import start

    configure_logging()
    try:
        start(config, jars, say, wait=wait)
    except JobFailure as failure:
        fail(failure.line())


app.command()(table_commands.schema)
app.command()(kafka_commands.produce)
app.command()(kafka_commands.replay)
app.command("dead-letters")(kafka_commands.dead_letters)
app.command()(table_commands.verify)
app.command()(table_commands.repair)


def main() -> None:
    """The console script."""
    app()
