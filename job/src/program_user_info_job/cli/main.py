"""`program-user-info-job`: flatten, run, schema, produce, replay, dead-letters, verify, repair."""

from __future__ import annotations

import importlib.metadata
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO, NoReturn, TypeVar

import typer

from program_user_info_job.cli.flatten import Printer
from program_user_info_job.cli.waiting import wait_for
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
Result = TypeVar("Result")


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
    wait: Annotated[
        bool, typer.Option(help="Try again until topics and table are ready; else end at once.")
    ] = True,
) -> None:
    """Prepare topics and table, then submit the pipeline."""
    from program_user_info_job.pipeline.java_client import check_java_client
    from program_user_info_job.pipeline.submit import submit
    from program_user_info_job.pipeline.topics import prepare_topics
    from program_user_info_job.store.bootstrap import prepare_schema

    configure_logging()

    def ready(what: str, step: Callable[[], Result]) -> Result:
        return wait_for(what, step, _say) if wait else step()

    try:
        loaded = ready("configuration", lambda: load_config(config))
        ready("Kafka", lambda: prepare_topics(loaded))
        ready("Kafka's Java client", lambda: check_java_client(loaded.kafka))
        create = loaded.cassandra.schema.manage
        ready("Cassandra", lambda: prepare_schema(loaded, create=create))
    except JobFailure as failure:
        _fail(failure.line())
    submit(loaded, jars)


@app.command()
def schema(
    config: ConfigFile,
    apply: Annotated[bool, typer.Option("--apply", help="Create what is missing.")] = False,
) -> None:
    """Print the keyspace and the table as CQL, or create them."""
    from program_user_info_job.store.bootstrap import prepare_schema
    from program_user_info_job.store.schema import create_statements

    loaded = _load(config)
    if not apply:
        typer.echo(";\n\n".join(create_statements(loaded.cassandra)) + ";")
        return
    try:
        prepare_schema(loaded, create=True)
    except JobFailure as failure:
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
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many events.")] = None,
    to: Annotated[
        str | None, typer.Option(help="Send to this topic. Default: the one each came from.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="From the first dead letter, not from the last position.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, send nothing.")] = False,
) -> None:
    """Send dead-lettered events back to the input topic that they came from, once each.

    Continues where the last replay without --reason, --since and --until ended.
    """
    from program_user_info_job.cli.dead_letters import DeadLettersUnreadable
    from program_user_info_job.cli.produce import ProduceError
    from program_user_info_job.cli.replay import Replay, Selection
    from program_user_info_job.cli.replay import replay as send_back

    loaded = _load(config)
    selection = Selection(frozenset(reason or Reason), _utc(since), _utc(until))
    how = Replay(selection, not everything, limit, to, dry_run)
    try:
        counts = send_back(loaded.kafka, how)
    except (ProduceError, DeadLettersUnreadable) as error:
        _fail(str(error))
    for each, count in sorted(counts.items()):
        typer.echo(f"{each} {count}")
    verb = "would be sent" if dry_run else "sent"
    target = to or ", ".join(loaded.kafka.topics)
    typer.echo(f"{counts.total()} events {verb} to {target}", err=True)


@app.command("dead-letters")
def dead_letters(
    config: ConfigFile,
    peek: Annotated[
        int | None, typer.Option(min=1, help="Show place, reason and detail of the first N.")
    ] = None,
) -> None:
    """Count dead letters by reason, source topic and day, or show some; never a payload.

    An event counts once, however often it was rejected.
    """
    from program_user_info_job.cli.dead_letters import (
        DeadLetters,
        DeadLettersUnreadable,
        Events,
        Part,
    )

    loaded = _load(config)
    counts: Counter[tuple[str, str, str]] = Counter()
    repetitions = 0
    events = Events()
    try:
        with closing(DeadLetters(loaded.kafka)) as found:
            for each in found.read(Part.WHOLE):
                if not events.is_first(each):
                    repetitions += 1
                    continue
                counts[each.reason, each.source.topic, each.moment.date().isoformat()] += 1
                if peek is not None:
                    place = "/".join(each.source)
                    typer.echo(f"{place} {each.moment.isoformat()} {each.reason} {each.detail}")
                    if counts.total() == peek:
                        return
    except DeadLettersUnreadable as error:
        _fail(str(error))
    if peek is None:
        for (reason, topic, day), count in sorted(counts.items()):
            typer.echo(f"{reason} {topic} {day} {count}")
        repeated = f", {repetitions} of its records are repetitions" if repetitions else ""
        typer.echo(
            f"{counts.total()} events in {loaded.kafka.dead_letter_topic}{repeated}", err=True
        )


@app.command()
def verify(
    config: ConfigFile,
    against: Annotated[
        str | None, typer.Option(help="Compare with this table of the keyspace, not the topic.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="Keep the folded topic here; the next run continues.")
    ] = None,
    show_keys: Annotated[
        bool, typer.Option("--show-keys", help="Show program and user of each row that differs.")
    ] = False,
) -> None:
    """Compare the table with the topic, cell by cell: exit 0 equal, 1 different, 2 error."""
    from program_user_info_job.cli.topic_fold import TopicUnreadable
    from program_user_info_job.cli.verify import verify_tables, verify_topic

    loaded = _load(config)
    try:
        with typer.progressbar(length=1000, label="table", file=sys.stderr) as bar:

            def progress(share: float) -> None:
                bar.update(round(share * 1000) - bar.pos)

            report = (
                verify_topic(loaded, state, progress)
                if against is None
                else verify_tables(loaded, against, progress)
            )
    except (TopicUnreadable, JobFailure) as error:
        _fail(str(error), status=2)
    for (column, kind), count in sorted(report.counts().items()):
        typer.echo(f"{column} {kind} {count}")
    for key, found in sorted(report.differences.items()) if show_keys else ():
        typer.echo(f"{key[0]} {key[1]} {', '.join(' '.join(each) for each in found)}")
    differing = len(report.differences)
    typer.echo(f"{differing} rows differ; the table has {report.rows}", err=True)
    if differing:
        raise typer.Exit(1)


@app.command()
def repair(
    config: ConfigFile,
    apply: Annotated[bool, typer.Option("--apply", help="Rewrite them; else only count.")] = False,
    state: Annotated[
        Path | None, typer.Option(help="Keep here how far it is; an interrupted run continues.")
    ] = None,
) -> None:
    """Find rows with `Some(…)` and `None` in them, as the Scala job wrote them since 8.0."""
    from program_user_info_job.store.repair import repair as look

    loaded = _load(config)
    try:
        with typer.progressbar(length=1000, label="table", file=sys.stderr) as bar:

            def progress(share: float) -> None:
                bar.update(round(share * 1000) - bar.pos)

            report = look(loaded, apply=apply, state=state, progress=progress)
    except JobFailure as failure:
        _fail(failure.message)
    for column, count in sorted(report.columns.items()):
        typer.echo(f"{column} {count}")
    done = "rewritten" if apply else "corrupted; --apply rewrites them"
    typer.echo(f"{report.corrupted} of {report.rows} rows {done}", err=True)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _load(path: Path) -> Config:
    configure_logging()
    try:
        return load_config(path)
    except ConfigError as failure:
        _fail(failure.message, status=2)


def _open(file: Path | None) -> BinaryIO:
    if file is None or str(file) == "-":
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as error:
        _fail(f"{file}: {error.strerror}", status=2)


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _fail(message: str, status: int = 1) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(status)


def main() -> None:
    """The console script."""
    app()
