"""Commands that create, compare and repair the table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from program_user_info_job.cli.arguments import ConfigFile, fail, load
from program_user_info_job.failure import JobFailure, StateFileUnusable


def schema(
    config: ConfigFile,
    apply: Annotated[bool, typer.Option("--apply", help="Create what is missing.")] = False,
) -> None:
    """Print the keyspace and the table as CQL, or create them."""
    from program_user_info_job.store.schema import create_statements
    from program_user_info_job.store.schema_preparation import prepare_schema

    loaded = load(config)
    if not apply:
        typer.echo(";\n\n".join(create_statements(loaded.cassandra)) + ";")
        return
    try:
        prepare_schema(loaded, create=True)
    except JobFailure as failure:
        fail(failure.message)


def verify(
    config: ConfigFile,
    against: Annotated[
        str | None, typer.Option(help="Compare with this table of the keyspace, not the topic.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="File that keeps what was read, for the next run.")
    ] = None,
    show_keys: Annotated[
        bool, typer.Option("--show-keys", help="Show program and user of each row that differs.")
    ] = False,
) -> None:
    """Compare the table with the topic, cell by cell.

    Exit status 0: equal, 1: different, 2: an error.
    """
    from program_user_info_job.kafka.input_topics import TopicUnreadable
    from program_user_info_job.verification.comparison import verify_tables, verify_topic

    loaded = load(config)
    try:
        with _progress_bar() as progress:
            comparison = (
                verify_topic(loaded, state, progress)
                if against is None
                else verify_tables(loaded, against, progress)
            )
    except (TopicUnreadable, StateFileUnusable, JobFailure) as error:
        fail(str(error), status=2)
    for (column, kind), count in sorted(comparison.counts().items()):
        typer.echo(f"{column} {kind} {count}")
    for key, found in sorted(comparison.by_row.items()) if show_keys else ():
        typer.echo(f"{key[0]} {key[1]} {', '.join(' '.join(each) for each in found)}")
    differing = len(comparison.by_row)
    said = "1 row differs" if differing == 1 else f"{differing} rows differ"
    typer.echo(f"{said}; the table has {comparison.rows}", err=True)
    if differing:
        raise typer.Exit(1)


def repair(
    config: ConfigFile,
    apply: Annotated[
        bool, typer.Option("--apply", help="Rewrite them. Default: only count.")
    ] = False,
    state: Annotated[
        Path | None,
        typer.Option(help="File that keeps the progress, so that an interrupted run can continue."),
    ] = None,
) -> None:
    """Find rows with `Some(…)` and `None` in them, as the Scala job wrote them since 8.0."""
    from program_user_info_job.store.table_repair import repair as look

    loaded = load(config)
    try:
        with _progress_bar() as progress:
            report = look(loaded, apply=apply, state=state, progress=progress)
    except JobFailure as failure:
        fail(failure.message)
    except StateFileUnusable as error:
        fail(str(error))
    for column, count in sorted(report.columns.items()):
        typer.echo(f"{column} {count}")
    done = "rewritten" if apply else "corrupted; --apply rewrites them"
    typer.echo(f"{report.corrupted} of {report.rows} rows {done}", err=True)


@contextmanager
def _progress_bar() -> Iterator[Callable[[float], None]]:
    """A bar that is told the share of the table that is done."""
    with typer.progressbar(length=1000, label="table", file=sys.stderr) as bar:
        yield lambda share: bar.update(round(share * 1000) - bar.pos)
