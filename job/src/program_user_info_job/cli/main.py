"""`program-user-info-job`: flatten, run, schema, produce, replay, repair."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO, NoReturn

import typer

from program_user_info_job.cli.flatten import Printer
from program_user_info_job.config.load import ConfigError, load_config
from program_user_info_job.config.model import Config
from program_user_info_job.event.rejection import Reason
from program_user_info_job.failure import JobFailure
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
    from program_user_info_job.pipeline.topics import prepare_topics
    from program_user_info_job.store.bootstrap import prepare_schema

    loaded = _load(config)
    try:
        prepare_topics(loaded.kafka)
        prepare_schema(loaded, create=loaded.cassandra.schema.manage)
    except JobFailure as failure:
        _fail(failure.line())
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
    except SchemaNotReady as failure:
        _fail(failure.message)


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


@app.command()
def replay(
    config: ConfigFile,
    reason: Annotated[
        list[Reason] | None, typer.Option(help="Only this reason; may be repeated. Default: all.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(help="Only events recorded at or after this UTC time.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(help="Only events recorded before this UTC time.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, send nothing.")] = False,
) -> None:
    """Send dead-lettered events back to the input topic that they came from, once each."""
    from program_user_info_job.cli.produce import ProduceError
    from program_user_info_job.cli.replay import ReplayError, Selection
    from program_user_info_job.cli.replay import replay as send_back

    loaded = _load(config)
    selection = Selection(frozenset(reason or Reason), _utc(since), _utc(until))
    try:
        counts = send_back(loaded.kafka, selection, dry_run=dry_run)
    except (ProduceError, ReplayError) as error:
        _fail(str(error))
    for each, count in sorted(counts.items()):
        typer.echo(f"{each} {count}")
    verb = "would be sent" if dry_run else "sent"
    typer.echo(f"{counts.total()} events {verb} to {', '.join(loaded.kafka.topics)}", err=True)


@app.command()
def repair(
    config: ConfigFile,
    apply: Annotated[bool, typer.Option("--apply", help="Rewrite them; else only count.")] = False,
) -> None:
    """Find rows with `Some(…)` and `None` in them, as the Scala job wrote them since 8.0."""
    from program_user_info_job.store.bootstrap import SchemaNotReady
    from program_user_info_job.store.repair import repair as look

    try:
        report = look(_load(config), apply=apply)
    except SchemaNotReady as failure:
        _fail(failure.message)
    for column, count in sorted(report.columns.items()):
        typer.echo(f"{column} {count}")
    done = "rewritten" if apply else "spoilt; --apply rewrites them"
    typer.echo(f"{report.spoilt} of {report.rows} rows {done}", err=True)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _load(path: Path) -> Config:
    configure_logging()
    try:
        return load_config(path)
    except ConfigError as failure:
        _fail(failure.line(), status=2)


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
